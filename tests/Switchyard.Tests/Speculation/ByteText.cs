using Switchyard.Strategies;

namespace Switchyard.Tests.Speculation;

/// <summary>A vocabulary of one letter a token; the last token ends a text.</summary>
internal sealed class ByteText(byte[][] tokens) : ITokenText
{
    public int TokenCount => tokens.Length;

    public static ByteText Letters(int count) => new([.. Enumerable.Range(0, count).Select(i => new[] { (byte)('a' + i % 26) })]);

    public ReadOnlySpan<byte> Bytes(int token) => EndsText(token) ? [] : tokens[token];

    public bool EndsText(int token) => token == tokens.Length - 1;
}
