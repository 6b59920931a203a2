namespace Switchyard.Benchmarking;

/// <summary>What a machine can do at most, measured next to what a model reaches on it.</summary>
/// <param name="MemoryReadGBs">Reading a buffer far larger than the last-level cache with all threads, 10⁹ bytes per second.</param>
/// <param name="Int8Gops">Eight-bit multiply-adds by the widest instructions .NET offers, 10⁹ operations per second, two a multiply-add.</param>
/// <param name="Fp32Gflops">Single-precision fused multiply-adds, 10⁹ operations per second, two a multiply-add.</param>
public sealed record MachineLimits(double MemoryReadGBs, double Int8Gops, double Fp32Gflops);

/// <summary>Prompt processing.</summary>
/// <param name="Tokens">Length of the prompt.</param>
/// <param name="TokensPerSecond">Tokens over the median time of one pass.</param>
/// <param name="FractionOfCompute">Operations (2 × block weights × tokens + one head row) over time, as a part of the limit of the arithmetic that the format uses.</param>
public sealed record PrefillFigure(int Tokens, double TokensPerSecond, double FractionOfCompute);

/// <summary>Decoding one sequence.</summary>
/// <param name="Context">Cached tokens before the decoded one.</param>
/// <param name="TokensPerSecond">Passes over their median time, read-out and choice included.</param>
/// <param name="BytesPerToken">Weights and cached keys and values that a pass reads.</param>
/// <param name="FractionOfMemory">Bytes over time, as a part of <see cref="MachineLimits.MemoryReadGBs"/>.</param>
public sealed record DecodeFigure(int Context, double TokensPerSecond, double BytesPerToken, double FractionOfMemory);

/// <summary>One pass for several rows of one sequence, logits of all of them included.</summary>
/// <param name="Rows">Rows.</param>
/// <param name="Milliseconds">Median time.</param>
/// <param name="Ratio">Median over rounds of the time in units of one row's in the same round.</param>
public sealed record CostFigure(int Rows, double Milliseconds, double Ratio);

/// <summary>Everything <see cref="ModelBench"/> measured.</summary>
/// <param name="Model">Name of the model.</param>
/// <param name="Backend">Name of the backend.</param>
/// <param name="Threads">Worker threads.</param>
/// <param name="Format">Format of most weights.</param>
/// <param name="Limits">The machine.</param>
/// <param name="Prefill">Prompts.</param>
/// <param name="Decode">Decoding.</param>
/// <param name="CostCurve">Rows against time.</param>
public sealed record BenchReport(
    string Model, string Backend, int Threads, string Format, MachineLimits Limits,
    IReadOnlyList<PrefillFigure> Prefill, IReadOnlyList<DecodeFigure> Decode, IReadOnlyList<CostFigure> CostCurve);
