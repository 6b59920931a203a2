namespace Switchyard.Strategies;

/// <summary>Why a request ended.</summary>
public enum FinishReason
{
    /// <summary>An end-of-text token, a stop token or a stop string.</summary>
    Stop,

    /// <summary><see cref="GenerationOptions.MaxNewTokens"/> tokens were generated.</summary>
    Length,

    /// <summary>The model's context has no position left for another token.</summary>
    ContextFull,

    /// <summary>The caller cancelled, or stopped reading.</summary>
    Cancelled,

    /// <summary>An error ended this request alone; <see cref="DecodingRequest.Error"/> says which.</summary>
    Failed,
}
