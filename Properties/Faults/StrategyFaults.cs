using Switchyard.Model;
using Switchyard.Strategies;
using Switchyard.Tensor;

namespace Switchyard.Properties.Faults;

/// <summary>Moves keys and values about in every page whenever somebody leaves.</summary>
internal sealed class ReleaseTouchesNeighbour(IDecodingStrategy inner, ModelRunner runner) : StrategyDecorator(inner)
{
    public override void Release(DecodingRequest request)
    {
        base.Release(request);
        KvStore store = runner.Pool.Store;
        for (int slot = 0; slot + 1 < store.Shape.Slots; slot += KvShape.PageSize)
            if (store.Source(0, slot) >= 0 && store.Source(0, slot + 1) >= 0) runner.Model.Backend.MoveKv(store, slot + 1, slot);
    }
}

/// <summary>Runs a request's prompt as soon as it is admitted, while everybody else waits.</summary>
internal sealed class AdmissionRuns(IDecodingStrategy inner) : StrategyDecorator(inner)
{
    public override bool TryAdmit(DecodingRequest request)
    {
        if (!base.TryAdmit(request)) return false;
        base.Step([request]);
        return true;
    }
}

/// <summary>Ends requests one slot before the context does.</summary>
internal sealed class LastSlotUnused(IDecodingStrategy inner) : StrategyDecorator(inner)
{
    public override bool TryAdmit(DecodingRequest request)
    {
        if (!base.TryAdmit(request)) return false;
        request.ContextLimit--;
        return true;
    }
}

/// <summary>Keeps the cache of a request that leaves before it is finished.</summary>
internal sealed class LeaksPages(IDecodingStrategy inner) : StrategyDecorator(inner)
{
    public override void Release(DecodingRequest request)
    {
        if (request.FinishReason != FinishReason.Cancelled) base.Release(request);
    }
}

/// <summary>Counts a token for every request of a step, also those whose prompts still run.</summary>
internal sealed class Miscounts(IDecodingStrategy inner) : StrategyDecorator(inner)
{
    public override StepStats Step(ReadOnlySpan<DecodingRequest> batch) => base.Step(batch) with { Emitted = batch.Length };
}

/// <summary>Makes a list in every step.</summary>
internal sealed class Allocates(IDecodingStrategy inner) : StrategyDecorator(inner)
{
    public int Rows { get; private set; }

    public override StepStats Step(ReadOnlySpan<DecodingRequest> batch)
    {
        int[] rows = new int[batch.Length];
        Rows += rows.Length;
        return base.Step(batch);
    }
}
