using System.Collections.Frozen;
using Switchyard.Model.Text;
using Switchyard.Strategies;

namespace Switchyard;

/// <summary>What generation needs of a tokenizer and of the tokens that a model's files say end a text.</summary>
internal sealed class TokenizerText(ITokenizer tokenizer, IEnumerable<int> ends) : ITokenText
{
    private readonly FrozenSet<int> _ends = ends.Concat(tokenizer.EosIds).ToFrozenSet();

    /// <inheritdoc/>
    public int TokenCount => tokenizer.VocabularySize;

    /// <inheritdoc/>
    public ReadOnlySpan<byte> Bytes(int token) => token >= tokenizer.VocabularySize || tokenizer.IsSpecial(token) ? [] : tokenizer.Bytes(token); // embeddings may be padded beyond it

    /// <inheritdoc/>
    public bool EndsText(int token) => _ends.Contains(token);
}
