using System.CommandLine;
using Spectre.Console;
using Switchyard.Backends.Cpu;
using Switchyard.Benchmarking;
using Switchyard.Cli.Output;
using Switchyard.Model;
using Switchyard.Model.Files;
using Switchyard.Model.Synthetic;
using Switchyard.Tensor;

namespace Switchyard.Cli.Commands;

/// <summary><c>switchyard bench MODEL</c>: a model's speed beside what its machine can do.</summary>
internal static class BenchCommand
{
    public static Command Create(Terminal terminal)
    {
        var path = new Argument<string?>("MODEL") { Description = "A folder or a .gguf file; none for the embedded model.", Arity = ArgumentArity.ZeroOrOne };
        var synthetic = new Option<string?>("--synthetic")
        {
            Description = $"Random weights of true shapes instead of a file: SHAPE:FORMAT with a shape of {string.Join(", ", SyntheticModel.Names)} and a format of q8_0, q4_0, q4_k, q6_k, bf16, f16, f32.",
            HelpName = "SHAPE:FORMAT",
        };
        var threads = new Option<int>("--threads") { Description = "Threads; 0 for one per processor.", HelpName = "N" };
        var repeat = new Option<int>("--repeat") { Description = "Interleaved rounds; figures are medians over them.", DefaultValueFactory = _ => 5, HelpName = "N" };
        var contexts = new Option<int[]>("--context") { Description = "Cached tokens before a decoded one; may be given several times.", AllowMultipleArgumentsPerToken = true, DefaultValueFactory = _ => [128, 2048], HelpName = "N" };
        var costContext = new Option<int>("--cost-context") { Description = "Cached tokens before the rows of the cost curve.", DefaultValueFactory = _ => 128, HelpName = "N" };
        var prompts = new Option<int[]>("--prompt") { Description = "Prompt lengths; may be given several times.", AllowMultipleArgumentsPerToken = true, DefaultValueFactory = _ => [128, 512], HelpName = "N" };
        var rows = new Option<int[]>("--rows") { Description = "Rows of the cost curve.", AllowMultipleArgumentsPerToken = true, DefaultValueFactory = _ => [.. new BenchOptions().Rows], HelpName = "N" };
        var cache = new Option<string>("--cache") { Description = "Format of cached keys and values: f32 or f16.", DefaultValueFactory = _ => "f32", HelpName = "f32|f16" };
        cache.AcceptOnlyFromAmong("f32", "f16");
        Option<bool> json = Options.CommonOptions.Json("limits, prefill, decode and costCurve");
        var command = new Command("bench", "Measure this machine's limits and, interleaved with them, prompts, decoding and the cost of checking several rows in one pass.")
        {
            path, synthetic, threads, repeat, contexts, costContext, prompts, rows, cache, json,
        };
        command.SetAction((parsed, cancellationToken) =>
        {
            var options = new BenchOptions
            {
                Repeat = Positive(parsed.GetValue(repeat), "--repeat"), Contexts = parsed.GetValue(contexts)!, CostContext = Positive(parsed.GetValue(costContext), "--cost-context"),
                Prompts = parsed.GetValue(prompts)!, Rows = [.. parsed.GetValue(rows)!.Append(1).Distinct().Order()], CacheType = parsed.GetValue(cache) == "f16" ? DType.F16 : DType.F32,
            };
            if (options.Rows.Any(n => n is < 1 or > 64)) throw new UsageException("--rows takes numbers from 1 to 64.");
            if (options.Contexts.Concat(options.Prompts).Any(n => n < 1)) throw new UsageException("--context and --prompt take numbers from 1.");
            using var backend = new CpuBackend(new CpuOptions { Threads = parsed.GetValue(threads) });
            string name = parsed.GetValue(synthetic) ?? parsed.GetValue(path) ?? ModelPath.Embedded;
            int context = options.Contexts.Append(options.CostContext).Concat(options.Prompts).Max() + 64;
            using TransformerModel model = parsed.GetValue(synthetic) is { } shape ? Synthetic(shape, backend, context) : Load(name, backend, context);
            using var probe = new LimitsProbe(backend);
            var bench = new ModelBench(model, () => new MachineLimits(probe.MemoryReadGBs(), probe.Int8Gops(), probe.Fp32Gflops()), options, probe.MemoryReadGBs);
            BenchReport report = Measure(bench, name, terminal, cancellationToken);
            if (parsed.GetValue(json)) terminal.Data.WriteLine(OutputJson.Write(report));
            else Print(report, terminal);
            return Task.FromResult(ExitCodes.Ok);
        });
        return command;
    }

    private static int Positive(int value, string option) => value > 0 ? value : throw new UsageException($"{option} takes 1 or more.");

    private static TransformerModel Load(string path, IBackend backend, int context)
    {
        using ModelFiles files = ModelFiles.Open(ModelPath.Resolve(path));
        return ModelLoader.Load(files, backend, new LoadOptions { ContextLength = Math.Min(context, files.Config.MaxPositionEmbeddings) });
    }

    private static TransformerModel Synthetic(string spec, IBackend backend, int context)
    {
        string[] parts = spec.Split(':');
        if (parts.Length != 2 || !Enum.TryParse(parts[1], ignoreCase: true, out DType format) || int.TryParse(parts[1], out _))
            throw new UsageException($"--synthetic takes SHAPE:FORMAT such as llama-1b:q8_0; got '{spec}'.");
        return SyntheticModel.Create(backend, SyntheticModel.Shape(parts[0]), format, context);
    }

    private static BenchReport Measure(ModelBench bench, string name, Terminal terminal, CancellationToken cancellation)
    {
        if (terminal.Live is null) return bench.Run(name, null, cancellation);
        BenchReport? report = null;
        terminal.Live.Progress().AutoClear(true).Start(progress =>
        {
            ProgressTask bar = progress.AddTask("Measuring", maxValue: 1);
            report = bench.Run(name, new Forward(share => bar.Value = share), cancellation);
        });
        return report!;
    }

    private static void Print(BenchReport report, Terminal terminal)
    {
        TextWriter data = terminal.Data;
        data.WriteLine(FormattableString.Invariant($"{report.Model} · {report.Format} · {report.Backend} · {report.Threads} threads"));
        data.WriteLine(FormattableString.Invariant($"limits    memory read {report.Limits.MemoryReadGBs:F1} GB/s · int8 {report.Limits.Int8Gops:F0} GOP/s · fp32 {report.Limits.Fp32Gflops:F0} GFLOP/s"));
        foreach (PrefillFigure p in report.Prefill)
            data.WriteLine(FormattableString.Invariant($"prompt    {p.Tokens,5} tokens   {p.TokensPerSecond,8:F1} tok/s   {p.FractionOfCompute:P0} of compute"));
        foreach (DecodeFigure d in report.Decode)
            data.WriteLine(FormattableString.Invariant($"decode    {d.Context,5} context  {d.TokensPerSecond,8:F1} tok/s   {d.FractionOfMemory:P0} of memory read"));
        foreach (CostFigure c in report.CostCurve)
            data.WriteLine(FormattableString.Invariant($"rows      {c.Rows,5}          {c.Milliseconds,8:F2} ms      {c.Ratio:F2} x one row"));
    }

    /// <summary>Reports on the measuring thread itself: nothing is posted between two figures.</summary>
    private sealed class Forward(Action<double> report) : IProgress<double>
    {
        public void Report(double value) => report(value);
    }
}
