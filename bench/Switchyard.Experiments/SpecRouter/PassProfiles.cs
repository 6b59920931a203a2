using Switchyard.Experiments.Cast;
using Switchyard.Model;
using Switchyard.Strategies.Costs;
using Switchyard.Strategies.SpecRouter;
using Switchyard.Tensor;

namespace Switchyard.Experiments.SpecRouter;

/// <summary>What passes of some models cost, measured once: what a router finds stored on a machine where one ran before.</summary>
internal sealed class PassProfiles : IDisposable
{
    private const double SecondsEach = 4;

    private readonly List<ModelRunner> _runners = [];
    private readonly List<(IPassCosts, LayerRange)?> _costs = [];

    /// <summary>Measures.</summary>
    public PassProfiles(IEnumerable<TransformerModel> models)
    {
        foreach (TransformerModel model in models)
        {
            ModelRunner runner = TalesExperiments.Runner(model, 1, 0);
            var profiler = new CostProfiler(runner);
            profiler.Calibrate(model.AllLayers, TimeSpan.FromSeconds(SecondsEach));
            _runners.Add(runner);
            _costs.Add((profiler, model.AllLayers));
        }
    }

    /// <summary>Costs that start from what was measured.</summary>
    public LevelCosts NewCosts() => new(_costs);

    public void Dispose()
    {
        foreach (ModelRunner runner in _runners) runner.Dispose();
    }
}
