using System.Diagnostics;
using Switchyard.Model;
using Switchyard.Tensor;

namespace Switchyard.Benchmarking;

/// <summary>
/// Measures a model beside its machine: every round takes each figure once, so that a slow moment falls on all alike, and
/// figures are medians over rounds.
/// </summary>
/// <param name="model">The model. Not owned.</param>
/// <param name="limits">Measures the machine once; called every round.</param>
/// <param name="options">What to measure.</param>
/// <param name="memoryReadGBs">
/// Measures memory alone, before and after every decoded token: on shared machines its speed changes from one moment to the next, and
/// a token is held against its own. Null compares with the median of <paramref name="limits"/>.
/// </param>
public sealed class ModelBench(TransformerModel model, Func<MachineLimits> limits, BenchOptions options, Func<double>? memoryReadGBs = null)
{
    private readonly int[] _best = new int[64];
    private readonly float[] _value = new float[64], _logSumExp = new float[64];

    /// <summary>Takes the figures that fit the model's context.</summary>
    /// <param name="name">Name for the report.</param>
    /// <param name="progress">Told the share that is done, 0 to 1.</param>
    /// <param name="cancellation">Ends the measuring between two figures.</param>
    public BenchReport Run(string name, IProgress<double>? progress = null, CancellationToken cancellation = default)
    {
        int[] prompts = [.. options.Prompts.Where(n => n <= model.ContextLength)], contexts = [.. options.Contexts.Where(n => n < model.ContextLength)];
        int[] rows = [.. options.Rows.Where(n => options.CostContext + n <= model.ContextLength)];
        int arena = Math.Max(prompts.Append(64).Max(), rows.Append(1).Max());
        int[] depths = [.. contexts.Append(options.CostContext).Distinct()];
        using var runner = new ModelRunner(model, arena, arena + KvShape.PageSize + depths.Sum(c => c + 64 + KvShape.PageSize), options.CacheType);
        KvSequence prompt = runner.Pool.TryRent(arena)!;
        Dictionary<int, KvSequence> filled = depths.ToDictionary(c => c, c => Fill(runner, c)); // each stays at its depth between rounds

        var machine = new List<MachineLimits>();
        var times = new Dictionary<(string Kind, int Size), List<double>>();
        var shares = contexts.ToDictionary(c => c, _ => new List<double>()); // of memory read, token by token
        for (int round = -1; round < options.Repeat; round++) // round −1 warms up and is thrown away
        {
            Sample(round, ("limits", 0), () => { machine.Add(limits()); return 0; });
            foreach (int n in prompts) Sample(round, ("prefill", n), () => Pass(runner, prompt, n, readAll: false));
            foreach (int context in contexts) Sample(round, ("decode", context), () => Decode(runner, filled[context], shares[context]));
            foreach (int n in rows) Sample(round, ("rows", n), () => Pass(runner, filled[options.CostContext], n, readAll: true));
            progress?.Report((round + 2.0) / (options.Repeat + 1));
        }
        machine.RemoveAt(0);
        foreach (List<double> list in shares.Values) list.RemoveRange(0, Math.Min(list.Count, options.DecodePasses));

        var limit = new MachineLimits(
            Median(machine.Select(m => m.MemoryReadGBs)), Median(machine.Select(m => m.Int8Gops)), Median(machine.Select(m => m.Fp32Gflops)));
        return new BenchReport(
            name, model.Backend.Name, model.Backend.Threads, Format.ToString(), limit,
            [.. prompts.Select(n => PrefillOf(n, Median(times[("prefill", n)]), limit))],
            [.. contexts.Select(c => DecodeOf(c, Median(times[("decode", c)]), shares[c], limit))],
            [.. rows.Select(n => new CostFigure(n, Median(times[("rows", n)]) * 1e3, Median(times[("rows", n)].Zip(times[("rows", rows[0])], (t, one) => t / one))))]);

        void Sample(int round, (string, int) key, Func<double> measure)
        {
            cancellation.ThrowIfCancellationRequested();
            double seconds = measure();
            if (round < 0) return;
            if (!times.TryGetValue(key, out List<double>? list)) times[key] = list = [];
            list.Add(seconds);
        }
    }

    private DType Format => model.Weights.Blocks[0].Gate.DType;

    private PrefillFigure PrefillOf(int tokens, double seconds, MachineLimits limit)
    {
        double operations = 2.0 * model.Config.BlockWeightCount * tokens + 2.0 * model.Config.VocabSize * model.Config.HiddenSize;
        double peak = (Format.IsBlockFormat() ? limit.Int8Gops : limit.Fp32Gflops) * 1e9;
        return new PrefillFigure(tokens, tokens / seconds, operations / seconds / peak);
    }

    private DecodeFigure DecodeOf(int context, double seconds, List<double> shares, MachineLimits limit)
    {
        double bytes = BytesRead(context), share = shares.Count > 0 ? Median(shares) : bytes / seconds / (limit.MemoryReadGBs * 1e9);
        return new DecodeFigure(context, 1 / seconds, bytes, share);
    }

    private double BytesRead(int context)
    {
        double embedding = ReferenceEquals(model.Weights.Embedding, model.Weights.Head) ? 0 : model.Weights.Embedding.ByteCount;
        return model.WeightBytes - embedding + 2.0 * (options.CacheType == DType.F16 ? 2 : 4) * context * model.Config.KvDim * model.Config.LayerCount;
    }

    /// <summary>Seconds of one decoded token after what is cached, and what each was of the memory speed around it.</summary>
    private double Decode(ModelRunner runner, KvSequence kv, List<double> shares)
    {
        double sum = 0, bytes = BytesRead(kv.Length), before = memoryReadGBs?.Invoke() ?? 0;
        for (int i = 0; i < options.DecodePasses; i++)
        {
            double seconds = Pass(runner, kv, 1, readAll: true);
            sum += seconds;
            if (memoryReadGBs is null) continue;
            double after = memoryReadGBs();
            shares.Add(bytes / seconds / ((before + after) / 2 * 1e9));
            before = after;
        }
        return sum / options.DecodePasses;
    }

    private double Pass(ModelRunner runner, KvSequence kv, int count, bool readAll)
    {
        long start = Stopwatch.GetTimestamp();
        RunRows(runner, kv, count, readAll);
        return Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    /// <summary>Runs rows after what is cached, reads out all or the last, and takes the rows back.</summary>
    private void RunRows(ModelRunner runner, KvSequence kv, int count, bool readAll)
    {
        var rows = new int[count];
        for (int i = 0, parent = ForwardBatch.Root; i < count; i++) rows[i] = parent = runner.Batch.Add(kv, Token(kv.Length + i), parent);
        runner.Forward(rows);
        ReadOnlySpan<int> read = readAll ? rows : rows.AsSpan(count - 1);
        model.ReadoutTop(runner.Batch, read, model.FinalExit, 1, _best.AsSpan(0, read.Length), _value.AsSpan(0, read.Length), _logSumExp.AsSpan(0, read.Length));
        runner.Batch.Remove(rows);
        kv.Rollback();
    }

    private KvSequence Fill(ModelRunner runner, int context)
    {
        KvSequence kv = runner.Pool.TryRent(context + 64)!;
        var tokens = new int[context + 1];
        for (int i = 0; i <= context; i++) tokens[i] = Token(i);
        runner.CatchUp(kv, tokens);
        return kv;
    }

    private int Token(int position) => (int)((uint)position * 2654435761u % (uint)model.Config.VocabSize);

    private static double Median(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        return sorted.Length % 2 == 1 ? sorted[sorted.Length / 2] : (sorted[sorted.Length / 2 - 1] + sorted[sorted.Length / 2]) / 2;
    }
}
