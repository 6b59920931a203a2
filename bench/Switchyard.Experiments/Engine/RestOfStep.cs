using System.Diagnostics;
using Switchyard.Backends.Cpu;
using Switchyard.Experiments.Measuring;
using Switchyard.Experiments.Results;
using Switchyard.Model;
using Switchyard.Model.Synthetic;
using Switchyard.Strategies;
using Switchyard.Tensor;

namespace Switchyard.Experiments.Engine;

/// <summary>What a decode step does beside matrix products: norms, rotations, attention, gates, sampling with noise, bookkeeping.</summary>
internal static class RestOfStep
{
    /// <summary>Measures a step of plain decoding with sampling.</summary>
    public static void Run(ExperimentSetting setting, ResultDocument document)
    {
        int context = setting.Quick ? 16 : 128, steps = setting.Quick ? 4 : 8 * setting.Rounds;
        using var backend = new TimedBackend(new CpuBackend());
        using TransformerModel model = SyntheticModel.Create(backend, setting.SyntheticShape, DType.Q8_0, context + steps + 64);
        using var strategy = new AutoregressiveStrategy(new ModelRunner(model, 256, context + steps + 64));
        var request = new DecodingRequest([.. Enumerable.Range(1, context)], new GenerationOptions { MaxNewTokens = steps + 4, Temperature = 0.8f, TopP = 0.95f, Seed = 1, IgnoreEos = true });
        strategy.TryAdmit(request);
        while (request.Output.Length < 3) strategy.Step([request]); // the prompt, and what the first steps compile
        var total = new List<double>();
        var rest = new List<double>();
        for (int i = 0; i < steps; i++)
        {
            backend.TakeProducts();
            long start = Stopwatch.GetTimestamp();
            strategy.Step([request]);
            double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
            total.Add(seconds);
            rest.Add(seconds - backend.TakeProducts().TotalSeconds);
        }
        strategy.Release(request);
        document.Heading(2, "The rest of a step");
        document.Text($"Plain decoding of Q8_0 at context {context}, temperature 0.8, top-p 0.95, {steps} steps: a step takes {Contest.Median(total) * 1e3:F1} ms, of which {Contest.Median(rest) * 1e3:F2} ms ({Contest.Median(rest.Zip(total, (r, t) => r / t)):P1}) are not matrix products: norms, rotations, attention, gates, sampling with noise, bookkeeping.");
    }
}
