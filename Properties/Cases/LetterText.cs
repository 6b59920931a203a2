using System.Text;
using Switchyard.Strategies;

namespace Switchyard.Properties;

/// <summary>A vocabulary whose tokens are letters, so that stop strings can be tried on models without a tokenizer.</summary>
/// <param name="tokenCount">Tokens.</param>
internal sealed class LetterText(int tokenCount) : ITokenText
{
    private readonly byte[][] _bytes = [.. Enumerable.Range(0, tokenCount).Select(token => Encoding.ASCII.GetBytes(Letters(token)))];

    public int TokenCount => tokenCount;

    public ReadOnlySpan<byte> Bytes(int token) => _bytes[token];

    public bool EndsText(int token) => false;

    /// <summary>The letter of a token; further ones have two and more.</summary>
    public static string Letters(int token) => token < 26 ? $"{(char)('a' + token)}" : Letters(token / 26 - 1) + (char)('a' + token % 26);
}
