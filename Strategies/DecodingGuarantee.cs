namespace Switchyard.Strategies;

/// <summary>What a strategy promises about its tokens; <c>Switchyard.Properties</c> holds each to it, token for token.</summary>
public enum DecodingGuarantee
{
    /// <summary>The same tokens as plain decoding of the target with the same seed, at any temperature.</summary>
    Lossless,

    /// <summary>The same tokens as the strategy's own policy run one request at a time; scheduling never changes them.</summary>
    PolicyExact,

    /// <summary>Tokens may depend on which requests share the batch; used only when asked for by name.</summary>
    BatchDependent,
}
