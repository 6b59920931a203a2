namespace Switchyard.Model;

/// <summary>
/// Looks at the best tokens of a chunk of rows and takes the logits of those it wants, so that a row which only decides
/// whether to go on never sends its logits to the host.
/// </summary>
public interface ILogitsJudge : ILogitsReader
{
    /// <summary>Looks at rows <paramref name="start"/>, start + 1, … of the list, at most <see cref="TransformerModel.ReadoutChunk"/>.</summary>
    /// <param name="start">Place in the list of the first of them.</param>
    /// <param name="ids">Best tokens, shape [rows, count]; −1 first where a logit is not a number.</param>
    /// <param name="values">Their logits, shape [rows, count].</param>
    /// <param name="logSumExp">log Σ exp of every row, shape [rows].</param>
    void Judge(int start, scoped ReadOnlySpan<int> ids, scoped ReadOnlySpan<float> values, scoped ReadOnlySpan<float> logSumExp);

    /// <summary>Whether <see cref="ILogitsReader.Read"/> is to get the logits of the row at <paramref name="index"/>; asked after its chunk was judged.</summary>
    bool Wants(int index);
}
