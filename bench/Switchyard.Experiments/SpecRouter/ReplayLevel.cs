using Switchyard.Model;
using Switchyard.Strategies;
using Switchyard.Strategies.Passes;
using Switchyard.Strategies.SpecRouter;

namespace Switchyard.Experiments.SpecRouter;

/// <summary>A level that costs what a smaller model costs, because it runs one, and says what a script says.</summary>
/// <param name="name">A name for reports.</param>
/// <param name="runner">The model that is run for its time alone. Owned from here on.</param>
/// <param name="says">The token at each position.</param>
internal sealed class ReplayLevel(string name, ModelRunner runner, Func<int, int> says) : IChainLevel
{
    private readonly ForwardPass _pass = new(runner);
    private readonly List<Asked> _asked = [];
    private readonly List<KvSequence> _fed = [];

    public string Name => name;

    public bool Verifies => true;

    public int Capacity => runner.Batch.Capacity;

    public int LayerCount => runner.Model.Config.LayerCount;

    public int Room => _pass.Room;

    public bool TryOpen(LevelLane lane)
    {
        if (runner.Pool.TryRent(Admission.SlotsNeeded(lane.Request, runner.Model.ContextLength)) is not { } kv) return false;
        lane.State = kv;
        return true;
    }

    public void Close(LevelLane lane)
    {
        if (lane.State is KvSequence kv) runner.Pool.Return(kv);
        lane.State = null;
    }

    public int Missing(LevelLane lane, ReadOnlySpan<int> context)
    {
        var kv = (KvSequence)lane.State!;
        if (context.Length > kv.Capacity) return -1;
        kv.Reconcile(context);
        return context.Length - kv.Length;
    }

    public bool Add(LevelLane lane, ReadOnlySpan<int> context, ReadOnlySpan<int> pending)
    {
        var kv = (KvSequence)lane.State!;
        int missing = context.Length - kv.Length;
        lane.ClearChoices();
        if (missing > Room) return false;
        int row = _pass.Feed(kv, context, missing);
        _pass.Want(row);
        int[] shown = pending[..Math.Min(pending.Length, Math.Min(Room, kv.Room))].ToArray();
        foreach (int token in shown) _pass.Want(row = _pass.Add(kv, token, row));
        _asked.Add(new Asked(lane, kv, context.Length, missing, shown));
        return true;
    }

    public int Feed(LevelLane lane, ReadOnlySpan<int> context, int most)
    {
        var kv = (KvSequence)lane.State!;
        int before = kv.Staged;
        _pass.Feed(kv, context, Math.Min(most, context.Length - kv.Length));
        _fed.Add(kv);
        return kv.Staged - before;
    }

    public void Run()
    {
        _pass.Run();
        var reader = default(Largest);
        _pass.Readout(ref reader);
        foreach (Asked asked in _asked) Settle(asked);
        foreach (KvSequence kv in _fed) kv.CommitAll();
    }

    public void Clear()
    {
        foreach (Asked asked in _asked)
            if (asked.Kv.Staged > 0) asked.Kv.Rollback();
        _asked.Clear();
        _fed.Clear();
        _pass.Clear();
    }

    public void Dispose() => runner.Dispose();

    private void Settle(Asked asked)
    {
        int kept = 0;
        foreach (int token in asked.Shown)
        {
            int own = says(asked.Context + kept);
            asked.Lane.Choose(new TokenChoice(own));
            if (own != token) break;
            kept++;
        }
        if (kept == asked.Shown.Length) asked.Lane.Choose(new TokenChoice(says(asked.Context + kept)));
        int first = asked.Kv.Length;
        asked.Kv.Commit([.. Enumerable.Range(first, asked.Missing + kept)]);
    }

    private sealed record Asked(LevelLane Lane, KvSequence Kv, int Context, int Missing, int[] Shown);

    /// <summary>Looks for the largest logit, as a real level at temperature 0 does.</summary>
    private struct Largest : ILogitsReader
    {
        public void Read(int index, ReadOnlySpan<float> logits) => System.Numerics.Tensors.TensorPrimitives.IndexOfMax(logits);
    }
}
