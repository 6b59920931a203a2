using Switchyard.Model;

namespace Switchyard.Experiments.Measuring;

/// <summary>Times forward passes of a model by batch and rows: real contexts, rows in trees, read-out included.</summary>
internal sealed class PassTimes : IDisposable
{
    private readonly ModelRunner _runner;
    private readonly KvSequence[] _sequences;
    private readonly int[] _rows;
    private readonly List<double>[] _times;

    /// <summary>Prepares passes of <paramref name="batch"/> requests of each of <paramref name="rows"/> rows.</summary>
    public PassTimes(TransformerModel model, int batch, int context, int[] rows)
    {
        (_rows, _times, _sequences) = (rows, [.. rows.Select(_ => new List<double>())], new KvSequence[batch]);
        _runner = new ModelRunner(model, Math.Max(64, batch * rows.Max()), batch * (context + rows.Max() + 64));
        int[] tokens = [.. Enumerable.Range(0, context + 1).Select(i => i % Math.Min(200, model.Config.VocabSize))];
        for (int i = 0; i < batch; i++) _runner.CatchUp(_sequences[i] = _runner.Pool.TryRent(context + rows.Max())!, tokens);
        foreach (int count in rows) Pass(count); // warms up
    }

    /// <summary>Median seconds of each number of rows.</summary>
    public double[] Seconds => [.. _times.Select(Contest.Median)];

    /// <summary>Median seconds of a pass of so many rows, one of those given.</summary>
    public double this[int rows] => Contest.Median(_times[Array.IndexOf(_rows, rows)]);

    /// <summary>Median seconds, measured at once, interleaved.</summary>
    public static double[] Measure(TransformerModel model, int batch, int context, int[] rows, int rounds)
    {
        using var times = new PassTimes(model, batch, context, rows);
        times.Sample(rounds);
        return times.Seconds;
    }

    /// <summary>Times every number of rows so many times more.</summary>
    public void Sample(int rounds)
    {
        for (int round = 0; round < rounds; round++)
            for (int i = 0; i < _rows.Length; i++) _times[i].Add(Pass(_rows[i]));
    }

    /// <summary>Times every number of rows so many times more.</summary>
    /// <returns>The medians of these times alone.</returns>
    public double[] Moment(int rounds)
    {
        Sample(rounds);
        return [.. _times.Select(times => Contest.Median(times.TakeLast(rounds)))];
    }

    public void Dispose() => _runner.Dispose();

    private double Pass(int rows)
    {
        int[] pass = new int[_sequences.Length * rows];
        for (int j = 0, at = 0; j < _sequences.Length; j++)
            for (int i = 0, first = at; i < rows; i++, at++)
                pass[at] = _runner.Batch.Add(_sequences[j], 1, i == 0 ? ForwardBatch.Root : pass[first + (i - 1) / 2]);
        long start = TimeProvider.System.GetTimestamp();
        _runner.Forward(pass);
        var nobody = default(Nobody);
        _runner.Model.Readout(_runner.Batch, pass, _runner.Model.FinalExit, ref nobody);
        double seconds = TimeProvider.System.GetElapsedTime(start).TotalSeconds;
        foreach (KvSequence kv in _sequences) kv.Rollback();
        _runner.Batch.Clear();
        return seconds;
    }

    private struct Nobody : ILogitsReader
    {
        public readonly void Read(int index, ReadOnlySpan<float> logits)
        {
        }
    }
}
