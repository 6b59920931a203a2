using System.Globalization;
using Switchyard.Backends.Cpu;
using Switchyard.Benchmarking;
using Switchyard.Experiments.Results;
using Switchyard.Model;
using Switchyard.Model.Synthetic;
using Switchyard.Tensor;

namespace Switchyard.Experiments.Engine;

/// <summary>What the CPU engine reaches of this machine's limits: prompts, decoding and the cost of checking rows, for the formats that matter.</summary>
internal static class EngineExperiments
{
    private static readonly int[] Shown = [4, 8, 16, 32, 64];

    /// <summary>Runs everything.</summary>
    public static void Run(ExperimentSetting setting, ResultDocument document, TextWriter log)
    {
        document.Heading(1, "CPU engine: measurements");
        if (setting.Quick) document.Text($"**A quick run with tiny sizes, to see that the experiments work. Its numbers are no results.**");
        document.Text($"Made by `dotnet run -c Release --project bench/Switchyard.Experiments -- engine{(setting.Quick ? " --quick" : "")}` on: {setting.Machine}.");
        document.Text($"{setting.SyntheticName}, random weights. Medians over {setting.Rounds} rounds; every round measures the machine's limits and each figure once, so that a slow moment falls on all alike. One figure alone: `switchyard bench --synthetic llama-1b:q8_0`.");
        var reports = new List<BenchReport>();
        foreach ((DType format, DType cache) in (ReadOnlySpan<(DType, DType)>)[(DType.Q8_0, DType.F32), (DType.Q4_0, DType.F16), (DType.Q4_K, DType.F32), (DType.BF16, DType.F32)])
        {
            log.WriteLine($"{format}");
            reports.Add(Measure(setting, format, new BenchOptions
            {
                Repeat = setting.Rounds, CacheType = cache, Contexts = setting.Quick ? [16, 32] : [128, 2048], Prompts = setting.Quick ? [8, 16] : [128, 512],
                CostContext = setting.Quick ? 16 : 128,
            }));
        }
        Limits(document, reports);
        Throughput(document, reports);
        CostCurves(document, reports);
        log.WriteLine("long contexts");
        LongContext(setting, document);
        RestOfStep.Run(setting, document);
    }

    private static BenchReport Measure(ExperimentSetting setting, DType format, BenchOptions options)
    {
        int context = options.Contexts.Append(options.CostContext).Concat(options.Prompts).Max() + 64;
        using TransformerModel model = SyntheticModel.Create(setting.Backend, setting.SyntheticShape, format, context);
        using var probe = new LimitsProbe(setting.Backend, setting.Quick ? 1L << 24 : 1L << 30);
        return new ModelBench(model, () => new MachineLimits(probe.MemoryReadGBs(), probe.Int8Gops(), probe.Fp32Gflops()), options, probe.MemoryReadGBs).Run($"{format}");
    }

    private static void Limits(ResultDocument document, List<BenchReport> reports)
    {
        document.Heading(2, "Limits, measured beside each format");
        document.Table(["format", "memory read GB/s", "int8 GOP/s", "fp32 GFLOP/s"], reports.Select(r => (object?[])[r.Model, r.Limits.MemoryReadGBs, r.Limits.Int8Gops, r.Limits.Fp32Gflops]));
    }

    private static void Throughput(ResultDocument document, List<BenchReport> reports)
    {
        document.Heading(2, "Prompts and decoding");
        document.Text($"Shares of the arithmetic limit (int8 for block formats, fp32 for plain ones: operations are 2 × block weights × tokens and one head row) and of memory read (weights and the cached keys and values of a pass). Q4_0 with an F16 cache, the others with F32. Blocks of 4 bits are summed in 16 bits and can pass the int8 loop, which widens every product.");
        document.Table(
            ["format", .. reports[0].Prefill.SelectMany(p => (string[])[$"prompt {p.Tokens}, tokens/s", "share"]), .. reports[0].Decode.SelectMany(d => (string[])[$"decode at {d.Context}, tokens/s", "share"])],
            reports.Select(r => (object?[])[r.Model, .. r.Prefill.SelectMany(p => (object?[])[p.TokensPerSecond, p.FractionOfCompute]), .. r.Decode.SelectMany(d => (object?[])[d.TokensPerSecond, d.FractionOfMemory])]));
    }

    private static void CostCurves(ResultDocument document, List<BenchReport> reports)
    {
        document.Heading(2, "What rows cost");
        document.Text($"One pass of n rows of one sequence, logits of all of them included, over a pass of one row.");
        document.Table(["rows", .. reports.Select(r => r.Model)], reports[0].CostCurve.Select((c, i) => (object?[])[c.Rows, .. reports.Select(r => (object?)r.CostCurve[i].Ratio)]));
        document.Text($"One row takes {string.Join(", ", reports.Select(r => string.Create(CultureInfo.InvariantCulture, $"{r.CostCurve[0].Milliseconds:F1} ms ({r.Model})")))}.");
        document.Figure("cost", new LineChart("Cost of a pass by rows", "rows", "c(n) / c(1)", [.. reports.Select(r => new ChartSeries(r.Model, [.. r.CostCurve.Select(c => ((double)c.Rows, c.Ratio))]))]));
        document.Text($"Rows for the time of two: {string.Join(", ", reports.Select(r => $"{r.CostCurve.Where(c => c.Ratio <= 2).Max(c => c.Rows)} ({r.Model})"))}.");
    }

    private static void LongContext(ExperimentSetting setting, ResultDocument document)
    {
        (int near, int far) = setting.Quick ? (16, 64) : (128, 4000);
        int[] rows = [1, .. Shown.Where(n => n <= 32)];
        BenchReport[] reports = [.. ((int[])[near, far]).Select(context => Measure(setting, DType.Q8_0, new BenchOptions { Repeat = setting.Rounds, Contexts = [], Prompts = [], Rows = rows, CostContext = context }))];
        document.Heading(2, "Rows at a long context");
        document.Text($"Q8_0 with an F32 cache: milliseconds of a pass after {near} and after {far} cached tokens.");
        document.Table(["rows", $"after {near}", $"after {far}", "ratio"], reports[0].CostCurve.Select((c, i) => (object?[])[c.Rows, c.Milliseconds, reports[1].CostCurve[i].Milliseconds, reports[1].CostCurve[i].Milliseconds / c.Milliseconds]));
    }
}
