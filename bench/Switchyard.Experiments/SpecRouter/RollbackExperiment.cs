using Switchyard.Experiments.Measuring;
using Switchyard.Experiments.Results;
using Switchyard.Model;
using Switchyard.Tensor;

namespace Switchyard.Experiments.SpecRouter;

/// <summary>Taking back what was not kept, of eight sequences that keep different numbers: forgetting lengths against moving keys and values together.</summary>
internal static class RollbackExperiment
{
    private const int Batch = 8, Window = 8, Context = 256;
    private const double Acceptance = 0.8, Holes = 0.25; // share of holes at which a rectangular cache is compacted

    /// <summary>Measures.</summary>
    public static void Run(ExperimentSetting setting, ResultDocument document, TransformerModel model, TextWriter log)
    {
        ModelConfig config = model.Config;
        int blocks = setting.Quick ? 4 : 64;
        int capacity = KvPool.PagesFor(Context + blocks * Window) * KvShape.PageSize;
        using var runner = new ModelRunner(model, 64, Batch * capacity);
        var sequences = new KvSequence[Batch];
        for (int i = 0; i < Batch; i++)
        {
            sequences[i] = runner.Pool.TryRent(capacity)!;
            for (int t = 0; t < Context; t++) sequences[i].Stage(1);
            sequences[i].CommitAll();
        }
        var random = new Random(1);
        long bytesPerToken = 2L * config.LayerCount * config.KvDim * sizeof(float);
        var logical = new List<double>();
        long holes = 0, compacted = 0;
        double copied = 0;
        for (int block = 0; block < blocks; block++)
        {
            logical.Add(Block(sequences, random, out int dropped));
            holes += dropped;
            if (holes <= Holes * Batch * Context) continue;
            copied += Copy(bytesPerToken * Batch * Context);
            (holes, compacted) = (0, compacted + 1);
        }
        if (compacted == 0) (copied, compacted) = (Copy(bytesPerToken * Batch * Context) * holes / (Holes * Batch * Context), 1); // a run shorter than the first compaction: its share
        double each = Contest.Median(logical) * 1e6, moving = copied / blocks * 1e6;
        double pass = setting.Quick ? 0 : PassTimes.Measure(model, Batch, Context, [Window + 1], 1)[0] * 1e6;
        log.WriteLine(FormattableString.Invariant($"  logical {each:F1} us a block, compaction {moving:F1} us a block"));
        document.Heading(2, "M4: rollback of a ragged batch");
        document.Text($"{setting.SyntheticName}, {Batch} sequences of {Context} tokens, blocks of {Window} of which each sequence keeps a number of its own (acceptance {Acceptance}). Taking back is a change of lengths here. The other column is what a cache with one length for all would copy: whenever {Holes:P0} of its slots are holes, all keys and values move together ({bytesPerToken * Batch * Context / 1e6:F0} MB, timed as plain copies of memory), spread over the blocks between.");
        document.Table(["", "µs a block"], [["staging and taking back by length", each], ["compaction", moving], ["the pass that checks a block", pass]]);
    }

    /// <summary>Stages a block in every sequence and keeps a part of it.</summary>
    /// <returns>Seconds.</returns>
    private static double Block(KvSequence[] sequences, Random random, out int dropped)
    {
        int[] kept = [.. sequences.Select(_ => Kept(random))];
        Span<int> keep = stackalloc int[Window];
        long start = TimeProvider.System.GetTimestamp();
        for (int i = 0; i < sequences.Length; i++)
        {
            for (int t = 0; t < Window; t++)
            {
                int slot = sequences[i].Stage(1);
                if (t < kept[i]) keep[t] = slot;
            }
            sequences[i].Commit(keep[..kept[i]]);
        }
        double seconds = TimeProvider.System.GetElapsedTime(start).TotalSeconds;
        dropped = sequences.Length * Window - kept.Sum();
        return seconds;
    }

    private static int Kept(Random random)
    {
        int kept = 0;
        while (kept < Window && random.NextDouble() < Acceptance) kept++;
        return kept;
    }

    private static double Copy(long bytes)
    {
        byte[] from = new byte[Math.Min(bytes, 1 << 24)], to = new byte[from.Length];
        from.AsSpan().Fill(1);
        from.AsSpan().CopyTo(to); // touched before it is timed
        long start = TimeProvider.System.GetTimestamp();
        for (long done = 0; done < bytes; done += from.Length) from.AsSpan(0, (int)Math.Min(from.Length, bytes - done)).CopyTo(to);
        return TimeProvider.System.GetElapsedTime(start).TotalSeconds;
    }
}
