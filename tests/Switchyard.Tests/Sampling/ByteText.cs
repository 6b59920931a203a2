using Switchyard.Strategies;

namespace Switchyard.Tests.Sampling;

/// <summary>A vocabulary that is a list of byte strings.</summary>
internal sealed class ByteText(IReadOnlyList<byte[]> tokens, int end = -1) : ITokenText
{
    public int TokenCount => tokens.Count;

    public ReadOnlySpan<byte> Bytes(int token) => token == end ? [] : tokens[token];

    public bool EndsText(int token) => token == end;
}
