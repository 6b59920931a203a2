using Switchyard.Model;

namespace Switchyard.Strategies.Drex;

/// <summary>Runs a text through a model and listens at every depth: does it say what the whole model says, and does it know?</summary>
public sealed class ExitAdvisor
{
    private const int ThresholdSteps = 100;

    private readonly ModelRunner _runner;
    private readonly ExitHead[] _heads;  // [depths], the last the model's own
    private readonly int[] _exits;       // indices into _heads
    private readonly double _wanted;
    private readonly int[] _rows, _ids, _choices;
    private readonly float[] _values, _sums, _confidences;
    private readonly long[] _agree, _stable;
    private readonly double[] _confidence;
    private readonly long[,] _leave, _agreeing; // [thresholds, depths]: positions that leave there, and agree with full depth
    private long _positions;

    private ExitAdvisor(ModelRunner runner, ExitHead[] heads, int[] exits, double wanted)
    {
        (_runner, _heads, _exits, _wanted) = (runner, heads, exits, wanted);
        int rows = Math.Min(runner.Batch.Capacity, TransformerModel.ReadoutChunk), depths = heads.Length;
        (_rows, _ids, _values, _sums) = (new int[rows], new int[2 * rows], new float[2 * rows], new float[rows]);
        (_choices, _confidences) = (new int[depths * rows], new float[depths * rows]);
        (_agree, _stable, _confidence) = (new long[depths], new long[depths], new double[depths]);
        (_leave, _agreeing) = (new long[ThresholdSteps, depths], new long[ThresholdSteps, depths]);
    }

    /// <summary>Measures a model on a text.</summary>
    /// <param name="runner">The model, with an empty row and cache room for a sequence of its context.</param>
    /// <param name="tokens">The text; longer ones are cut into sequences of the model's context.</param>
    /// <param name="exits">Depths to try thresholds at; null for those of <see cref="DrexOptions"/>.</param>
    /// <param name="heads">Exits with heads of their own; null for none.</param>
    /// <param name="wantedAgreement">Part of the positions that must get the full model's choice, in [0, 1].</param>
    /// <param name="cancellation">Stops between chunks.</param>
    /// <exception cref="ArgumentException">The text is empty.</exception>
    public static ExitAdvice Measure(
        ModelRunner runner, ReadOnlySpan<int> tokens, IReadOnlyList<int>? exits = null, IReadOnlyList<ExitHead>? heads = null,
        double wantedAgreement = 0.95, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(runner);
        if (tokens.IsEmpty) throw new ArgumentException("There is no text to look at; give one token or more.", nameof(tokens));
        int layers = runner.Model.Config.LayerCount;
        IReadOnlyList<int> tried = new DrexOptions { Exits = exits }.Validate(layers);
        ExitHead[] all = [.. Enumerable.Range(1, layers).Select(d => d == layers ? runner.Model.FinalExit : heads?.FirstOrDefault(h => h.Depth == d) ?? runner.Model.SharedExit(d))];
        var advisor = new ExitAdvisor(runner, all, [.. tried.Select(d => d - 1)], wantedAgreement);
        for (int start = 0; start < tokens.Length; start += runner.Model.ContextLength)
            advisor.Listen(tokens.Slice(start, Math.Min(runner.Model.ContextLength, tokens.Length - start)), cancellation);
        return advisor.Report(tried);
    }

    private void Listen(ReadOnlySpan<int> tokens, CancellationToken cancellation)
    {
        KvSequence kv = _runner.Pool.TryRent(tokens.Length)
            ?? throw new InvalidOperationException($"There is no cache room for {tokens.Length} tokens now. Make the runner with more slots.");
        try
        {
            while (kv.Length < tokens.Length)
            {
                cancellation.ThrowIfCancellationRequested();
                int count = _runner.Feed(kv, tokens, _rows);
                if (count == 0) throw new InvalidOperationException("The arena has no free row. Remove finished rows first.");
                ReadOnlySpan<int> rows = _rows.AsSpan(0, count);
                _runner.Model.Embed(_runner.Batch, rows);
                for (int depth = 0; depth < _heads.Length; depth++) ListenAt(depth, rows);
                kv.CommitAll();
                _runner.Batch.Remove(rows);
                for (int i = 0; i < count; i++) Count(i);
            }
        }
        finally
        {
            _runner.Batch.Remove(_rows);
            _runner.Pool.Return(kv);
        }
    }

    private void ListenAt(int depth, ReadOnlySpan<int> rows)
    {
        _runner.Model.Run(_runner.Batch, rows, new(depth, depth + 1));
        _runner.Model.ReadoutTop(_runner.Batch, rows, _heads[depth], 2, _ids.AsSpan(0, 2 * rows.Length), _values.AsSpan(0, 2 * rows.Length), _sums.AsSpan(0, rows.Length));
        for (int i = 0; i < rows.Length; i++)
        {
            _choices[(depth * _rows.Length) + i] = _ids[2 * i];
            _confidences[(depth * _rows.Length) + i] = DrexStrategy.Gap(_ids[2 * i], _values.AsSpan(2 * i, 2), _sums[i]);
        }
    }

    private void Count(int row)
    {
        int last = _heads.Length - 1, final = _choices[(last * _rows.Length) + row], stable = last;
        _positions++;
        while (stable > 0 && _choices[((stable - 1) * _rows.Length) + row] == final) stable--;
        _stable[stable]++;
        for (int depth = 0; depth <= last; depth++)
        {
            if (_choices[(depth * _rows.Length) + row] == final) _agree[depth]++;
            _confidence[depth] += _confidences[(depth * _rows.Length) + row];
        }
        for (int step = 0; step < ThresholdSteps; step++)
        {
            int leaves = last;
            foreach (int exit in _exits)
            {
                if (!(_confidences[(exit * _rows.Length) + row] > step / (float)ThresholdSteps)) continue;
                leaves = exit;
                break;
            }
            _leave[step, leaves]++;
            if (_choices[(leaves * _rows.Length) + row] == final) _agreeing[step, leaves]++;
        }
    }

    private ExitAdvice Report(IReadOnlyList<int> exits)
    {
        var depths = new ExitDepthReport[_heads.Length];
        for (int d = 0; d < depths.Length; d++)
            depths[d] = new(d + 1, (double)_agree[d] / _positions, (double)_stable[d] / _positions, _confidence[d] / _positions);
        var thresholds = new ExitThresholdReport[ThresholdSteps];
        for (int step = 0; step < ThresholdSteps; step++) thresholds[step] = ReportThreshold(step);
        return new ExitAdvice((int)Math.Min(int.MaxValue, _positions), _heads.Length, exits, depths, thresholds, _wanted);
    }

    private ExitThresholdReport ReportThreshold(int step)
    {
        int last = _heads.Length - 1;
        double leaving = 0, agreeing = 0, layers = 0, read = 0;
        double layerBytes = 0;
        foreach (BlockWeights block in _runner.Model.Weights.Blocks) foreach (Tensor.Weight weight in block.All()) layerBytes += weight.ByteCount;
        layerBytes /= _heads.Length;
        double heads = 0;
        for (int depth = 0; depth <= last; depth++)
        {
            bool isExit = Array.IndexOf(_exits, depth) >= 0;
            if (isExit || depth == last) heads += _heads[depth].Projection.ByteCount; // every exit passed was read out
            double part = (double)_leave[step, depth] / _positions;
            if (depth < last) leaving += part;
            agreeing += (double)_agreeing[step, depth] / _positions;
            layers += part * (depth + 1);
            read += part * (((depth + 1) * layerBytes) + heads);
        }
        double plain = (_heads.Length * layerBytes) + _heads[last].Projection.ByteCount;
        return new(step / (double)ThresholdSteps, leaving, agreeing, layers, plain / read);
    }
}
