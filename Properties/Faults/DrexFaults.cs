using Switchyard.Model;
using Switchyard.Strategies;
using Switchyard.Strategies.Drex;
using Switchyard.Tensor;

namespace Switchyard.Properties.Faults;

/// <summary>Never goes on by itself: only the strategy's own bounds let rows pass.</summary>
internal sealed class NeverRule : IRebatchRule
{
    public int Rows(in RampSituation situation) => 0;
}

/// <summary>Surer after somebody else was looked at.</summary>
internal sealed class CrowdedConfidence : IConfidenceSource
{
    private DecodingRequest? _last;

    public float Confidence(DecodingRequest request, int position, int depth, float measured)
    {
        bool crowded = _last is not null && _last != request;
        _last = request;
        return crowded ? measured + 0.02f : measured;
    }
}

/// <summary>Surer than the logits say.</summary>
internal sealed class FlatteringConfidence : IConfidenceSource
{
    public float Confidence(DecodingRequest request, int position, int depth, float measured) => measured + 0.2f;
}

/// <summary>Copies keys and values whenever it is asked.</summary>
internal sealed class CopyingConfidence(ModelRunner runner) : IConfidenceSource
{
    public float Confidence(DecodingRequest request, int position, int depth, float measured)
    {
        runner.Model.Backend.MoveKv(runner.Pool.Store, 0, runner.Pool.Store.Shape.Slots - 1);
        return measured;
    }
}

/// <summary>Puts the keys and values of a request's first row in place of its last one's after rows were merged.</summary>
internal sealed class MovesKeys(IDecodingStrategy inner, ModelRunner runner) : StrategyDecorator(inner)
{
    public override StepStats Step(ReadOnlySpan<DecodingRequest> batch)
    {
        var drex = (DrexStrategy)Undecorated;
        long before = drex.Statistics.Regroupings;
        StepStats stats = base.Step(batch);
        foreach (DecodingRequest request in batch)
            if (drex.Statistics.Regroupings > before && drex.CacheOf(request) is { Length: > 1 } kv)
                runner.Model.Backend.MoveKv(kv.Store, kv.Pages.StoreSlot(0), kv.Pages.StoreSlot(kv.Length - 1));
        return stats;
    }
}

/// <summary>Changes the source map behind rows that left.</summary>
internal sealed class TampersSources(IDecodingStrategy inner, ModelRunner runner, Func<short, short> change) : StrategyDecorator(inner)
{
    public override StepStats Step(ReadOnlySpan<DecodingRequest> batch)
    {
        StepStats stats = base.Step(batch);
        KvStore store = runner.Pool.Store;
        IReadOnlyList<int> exits = ((DrexStrategy)Undecorated).Exits;
        for (int layer = 0; layer < store.Shape.Layers; layer++)
            for (int slot = 0; slot < store.Shape.Slots; slot++)
                if (store.Source(layer, slot) is >= 0 and short source && source != layer && exits.Contains(source + 1)) store.SetSource(layer, slot, change(source));
        return stats;
    }
}

/// <summary>Serves everybody with a threshold of 0.</summary>
internal sealed class IgnoresThresholds(IDecodingStrategy inner) : StrategyDecorator(inner)
{
    private readonly Dictionary<DecodingRequest, DecodingRequest> _served = [];

    public override bool TryAdmit(DecodingRequest request)
    {
        var served = new DecodingRequest(request.Tokens, request.Options with { ExitConfidence = 0, StopStrings = [] });
        if (!base.TryAdmit(served)) return false;
        request.ContextLimit = served.ContextLimit;
        request.Statistics.TrackDepths(request.RemainingTokens);
        request.State = _served[request] = served;
        return true;
    }

    public override StepStats Step(ReadOnlySpan<DecodingRequest> batch)
    {
        StepStats stats = base.Step([.. batch.ToArray().Select(request => _served[request])]);
        foreach (DecodingRequest request in batch)
            while (request.Output.Length < _served[request].Output.Length && request.Emit(_served[request].Output[request.Output.Length])) { }
        return stats;
    }

    public override void Release(DecodingRequest request)
    {
        base.Release(_served[request]);
        request.State = null;
    }
}

/// <summary>Says of every step with a token that one more row ran.</summary>
internal sealed class CountsTwice(IDecodingStrategy inner) : StrategyDecorator(inner)
{
    public override StepStats Step(ReadOnlySpan<DecodingRequest> batch)
    {
        StepStats stats = base.Step(batch);
        return stats.Emitted > 0 ? stats with { LayerRows = stats.LayerRows + 1 } : stats;
    }
}

/// <summary>Leaves the oldest request out of most steps.</summary>
internal sealed class Withholds(IDecodingStrategy inner) : StrategyDecorator(inner)
{
    private readonly List<DecodingRequest> _order = [];
    private int _step;

    public override bool TryAdmit(DecodingRequest request)
    {
        if (!base.TryAdmit(request)) return false;
        _order.Add(request);
        return true;
    }

    public override StepStats Step(ReadOnlySpan<DecodingRequest> batch)
    {
        DecodingRequest? oldest = _order.Find(request => !request.IsFinished);
        bool withholds = batch.Length > 1 && ++_step % 16 > 3;
        return base.Step(withholds ? [.. batch.ToArray().Where(request => request != oldest)] : batch);
    }
}
