namespace Switchyard.Properties;

/// <summary>What a law is about. Strategies conceal draft-side bugs and tokens conceal numerical ones, so all levels are needed.</summary>
public enum LawKind
{
    /// <summary>Operations of an <see cref="Tensor.IBackend"/>, to the bit.</summary>
    Backend,

    /// <summary>Logits and caches of a model on a backend, to the bit.</summary>
    Model,

    /// <summary>Tokens of a decoding strategy.</summary>
    Strategy,

    /// <summary>The distribution that tokens are drawn from.</summary>
    Sampling,

    /// <summary>Text to tokens and back.</summary>
    Text,
}
