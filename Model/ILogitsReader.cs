namespace Switchyard.Model;

/// <summary>Takes logits row by row, so that no more than a chunk of them exists at once.</summary>
public interface ILogitsReader
{
    /// <summary>Takes the logits of the row at <paramref name="index"/> of the list that was read out; called in ascending order.</summary>
    /// <param name="index">Place in the list of rows.</param>
    /// <param name="logits">Shape [VocabSize]; valid during the call.</param>
    void Read(int index, ReadOnlySpan<float> logits);
}
