using Switchyard.Model;

namespace Switchyard.Experiments.Measuring;

/// <summary>Times forward passes of a model by batch and rows: real contexts, rows in trees, read-out included.</summary>
internal static class PassTimes
{
    /// <summary>Median seconds of a pass of <paramref name="batch"/> requests of each of <paramref name="rows"/> rows, interleaved.</summary>
    public static double[] Measure(TransformerModel model, int batch, int context, int[] rows, int rounds)
    {
        using var runner = new ModelRunner(model, Math.Max(64, batch * rows.Max()), batch * (context + rows.Max() + 64));
        var sequences = new KvSequence[batch];
        int[] tokens = [.. Enumerable.Range(0, context + 1).Select(i => i % Math.Min(200, model.Config.VocabSize))];
        for (int i = 0; i < batch; i++) runner.CatchUp(sequences[i] = runner.Pool.TryRent(context + rows.Max())!, tokens);
        var times = rows.Select(_ => new List<double>()).ToArray();
        for (int round = -1; round < rounds; round++)
            for (int i = 0; i < rows.Length; i++)
            {
                double seconds = Pass(runner, sequences, rows[i]);
                if (round >= 0) times[i].Add(seconds);
            }
        return [.. times.Select(Contest.Median)];
    }

    private static double Pass(ModelRunner runner, KvSequence[] sequences, int rows)
    {
        int[] pass = new int[sequences.Length * rows];
        for (int j = 0, at = 0; j < sequences.Length; j++)
            for (int i = 0, first = at; i < rows; i++, at++)
                pass[at] = runner.Batch.Add(sequences[j], 1, i == 0 ? ForwardBatch.Root : pass[first + (i - 1) / 2]);
        long start = TimeProvider.System.GetTimestamp();
        runner.Forward(pass);
        var nobody = default(Nobody);
        runner.Model.Readout(runner.Batch, pass, runner.Model.FinalExit, ref nobody);
        double seconds = TimeProvider.System.GetElapsedTime(start).TotalSeconds;
        foreach (KvSequence kv in sequences) kv.Rollback();
        runner.Batch.Clear();
        return seconds;
    }

    private struct Nobody : ILogitsReader
    {
        public readonly void Read(int index, ReadOnlySpan<float> logits)
        {
        }
    }
}
