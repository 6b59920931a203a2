namespace Switchyard.Strategies;

/// <summary>What generation needs to know of a vocabulary: the bytes of a token, and which tokens end a text.</summary>
/// <remarks>Called from the decoding thread; implementations are immutable.</remarks>
public interface ITokenText
{
    /// <summary>Tokens in the vocabulary; ids run from 0 to one less.</summary>
    int TokenCount { get; }

    /// <summary>The UTF-8 bytes that <paramref name="token"/> adds to a text, perhaps part of a character; empty for control tokens.</summary>
    ReadOnlySpan<byte> Bytes(int token);

    /// <summary>Whether the model ends its text, or its turn, with <paramref name="token"/>.</summary>
    bool EndsText(int token);
}
