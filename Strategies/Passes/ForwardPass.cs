using Switchyard.Model;

namespace Switchyard.Strategies.Passes;

/// <summary>
/// One forward pass in the making: chunks of prompts, decoding rows and trees of many requests, run together, with the rows
/// whose logits are wanted.
/// </summary>
/// <remarks>Sized once for the runner's arena; a pass allocates nothing. One thread at a time.</remarks>
/// <param name="runner">The model, its cache and its arena. Not owned.</param>
public sealed class ForwardPass(ModelRunner runner)
{
    private readonly int[] _rows = new int[runner.Batch.Capacity];
    private readonly int[] _readout = new int[runner.Batch.Capacity];
    private readonly int[] _fresh = new int[runner.Batch.Capacity]; // rows that no layer has run on yet
    private int _rowCount, _readoutCount, _freshCount;

    /// <summary>The runner.</summary>
    public ModelRunner Runner { get; } = runner;

    /// <summary>Rows of this pass, parents before children.</summary>
    public ReadOnlySpan<int> Rows => _rows.AsSpan(0, _rowCount);

    /// <summary>Rows whose logits are wanted, in the order asked for.</summary>
    public ReadOnlySpan<int> ReadoutRows => _readout.AsSpan(0, _readoutCount);

    /// <summary>Rows that still fit.</summary>
    public int Room => Math.Min(Runner.Batch.FreeRows, _rows.Length - _rowCount);

    /// <summary>Adds one row; see <see cref="ForwardBatch.Add"/>.</summary>
    public int Add(KvSequence kv, int token, int parent = ForwardBatch.Root, Provenance provenance = default) =>
        _fresh[_freshCount++] = _rows[_rowCount++] = Runner.Batch.Add(kv, token, parent, provenance);

    /// <summary>
    /// Takes over a row that lies in the arena and has been through the first layers already; <see cref="Run"/> is told how
    /// many. <see cref="Clear"/> frees it like the others.
    /// </summary>
    public void Adopt(int row) => _rows[_rowCount++] = row;

    /// <summary>Adds the next tokens that a reconciled cache lacks, as a chain.</summary>
    /// <param name="kv">The cache; nothing is staged in it.</param>
    /// <param name="tokens">Every token that it is to hold.</param>
    /// <param name="most">The most rows to add.</param>
    /// <returns>The row of the last of <paramref name="tokens"/> once it was reached; −1 before.</returns>
    public int Feed(KvSequence kv, ReadOnlySpan<int> tokens, int most, Provenance provenance = default)
    {
        int count = Runner.Feed(kv, tokens, _rows.AsSpan(_rowCount, Math.Min(most, _rows.Length - _rowCount)), provenance);
        _rows.AsSpan(_rowCount, count).CopyTo(_fresh.AsSpan(_freshCount));
        (_rowCount, _freshCount) = (_rowCount + count, _freshCount + count);
        return count > 0 && kv.Length + kv.Staged == tokens.Length ? _rows[_rowCount - 1] : -1;
    }

    /// <summary>Asks for the logits of a row of this pass.</summary>
    /// <returns>Its place among <see cref="ReadoutRows"/>.</returns>
    public int Want(int row)
    {
        _readout[_readoutCount] = row;
        return _readoutCount++;
    }

    /// <summary>Embeds the rows and runs every layer that they lack.</summary>
    /// <param name="taps">Where to record states, or null; adopted rows have none of the layers they ran before.</param>
    /// <param name="adoptedLayers">Layers that every adopted row has been through.</param>
    public void Run(HiddenTaps? taps = null, int adoptedLayers = 0)
    {
        if (_rowCount == 0) return;
        ReadOnlySpan<int> fresh = _fresh.AsSpan(0, _freshCount);
        if (fresh.Length > 0)
        {
            Runner.Model.Embed(Runner.Batch, fresh);
            Runner.Model.Run(Runner.Batch, fresh, new LayerRange(0, adoptedLayers), taps: taps);
        }
        Runner.Model.Run(Runner.Batch, Rows, new LayerRange(adoptedLayers, Runner.Model.Config.LayerCount), taps: taps);
    }

    /// <summary>Hands the wanted logits to <paramref name="reader"/>.</summary>
    public void Readout<TReader>(ref TReader reader)
        where TReader : ILogitsReader, allows ref struct => Runner.Model.Readout(Runner.Batch, ReadoutRows, Runner.Model.FinalExit, ref reader);

    /// <summary>Frees the rows; what they staged is the caller's to commit or roll back.</summary>
    public void Clear()
    {
        Runner.Batch.Remove(Rows);
        (_rowCount, _readoutCount, _freshCount) = (0, 0, 0);
    }
}
