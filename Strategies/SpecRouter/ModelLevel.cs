using Switchyard.Model;
using Switchyard.Strategies.Passes;
using Switchyard.Strategies.Sampling;
using Switchyard.Strategies.Speculation;

namespace Switchyard.Strategies.SpecRouter;

/// <summary>A model as a rung of a ladder, with a cache for every request, its own or one that it shares with other users of the model (<see cref="SharedRunner"/>).</summary>
public sealed class ModelLevel : IChainLevel
{
    private readonly ModelRunner _runner;
    private readonly TreeVerifier _verifier;
    private readonly bool _isTarget;
    private readonly int _slack;
    private readonly LevelLane[] _lanes;
    private int _laneCount;

    /// <summary>Makes a rung.</summary>
    /// <param name="name">A name for reports.</param>
    /// <param name="runner">The model, its cache and its arena. Owned from here on.</param>
    /// <param name="tokenCount">Tokens of the target's vocabulary that have a meaning.</param>
    /// <param name="isTarget">Whether it is the model whose tokens are promised: then requests that it cannot hold are refused.</param>
    /// <param name="slack">Cache slots of a request beyond its tokens, for the alternatives of trees.</param>
    public ModelLevel(string name, ModelRunner runner, int tokenCount = int.MaxValue, bool isTarget = false, int slack = 0)
    {
        ArgumentNullException.ThrowIfNull(runner);
        (Name, _runner, _isTarget, _slack) = (name, runner, isTarget, slack);
        _verifier = new TreeVerifier(runner, new Sampler(Math.Min(tokenCount, runner.Model.Config.VocabSize)));
        _lanes = new LevelLane[runner.Batch.Capacity];
    }

    /// <inheritdoc/>
    public string Name { get; }

    /// <inheritdoc/>
    public bool Verifies => true;

    /// <inheritdoc/>
    public int Capacity => _runner.Batch.Capacity;

    /// <inheritdoc/>
    public int LayerCount => _runner.Model.Config.LayerCount;

    /// <inheritdoc/>
    public int Room => _verifier.Room;

    /// <summary>The runner.</summary>
    public ModelRunner Runner => _runner;

    /// <summary>The cache of a lane; null while it is not open.</summary>
    public static KvSequence? CacheOf(LevelLane lane) => (lane?.State as Lane)?.Kv;

    /// <inheritdoc/>
    public bool TryOpen(LevelLane lane)
    {
        ArgumentNullException.ThrowIfNull(lane);
        if (Reserve(lane.Request) is not { } kv) return false;
        lane.State = new Lane(kv, owned: true);
        return true;
    }

    /// <summary>Opens a lane over a cache that somebody else reserved and gives back.</summary>
    public static void Adopt(LevelLane lane, KvSequence kv)
    {
        ArgumentNullException.ThrowIfNull(lane);
        lane.State = new Lane(kv, owned: false);
    }

    /// <inheritdoc/>
    public void Close(LevelLane lane)
    {
        ArgumentNullException.ThrowIfNull(lane);
        if (lane.State is not Lane state) return;
        if (state.Owned) _runner.Return(lane.Request, state.Kv);
        lane.State = null;
    }

    /// <inheritdoc/>
    public int Lag(DecodingRequest request, LevelLane? lane)
    {
        ArgumentNullException.ThrowIfNull(request);
        KvSequence? kv = (lane is null ? null : CacheOf(lane)) ?? _runner.Find(request);
        return Math.Max(0, request.Tokens.Length - (kv?.Length ?? 0));
    }

    /// <inheritdoc/>
    public int Missing(LevelLane lane, ReadOnlySpan<int> context)
    {
        KvSequence kv = StateOf(lane).Kv;
        if (context.Length > _runner.Model.ContextLength || context.Length > kv.Capacity) return -1;
        kv.Reconcile(context);
        foreach (int token in context[kv.Length..])
            if ((uint)token >= (uint)_runner.Model.Config.VocabSize) return -1;
        return context.Length - kv.Length;
    }

    /// <inheritdoc/>
    public bool Add(LevelLane lane, ReadOnlySpan<int> context, ReadOnlySpan<int> pending)
    {
        Lane state = StateOf(lane);
        lane.ClearChoices();
        state.Tree.Clear();
        int fits = Math.Min(pending.Length, _runner.Model.ContextLength - context.Length), parent = DraftTree.Root;
        foreach (int token in pending[..fits])
        {
            if ((uint)token >= (uint)_runner.Model.Config.VocabSize) break;
            parent = state.Tree.Add(parent, token, 1);
        }
        (state.Walk.RootLaw, state.Walk.Ranked) = (lane.Law, lane.Ranked);
        if (!_verifier.Add(state.Kv, context, lane.Tree ?? state.Tree, state.Walk, lane.Request.Sampler)) return false;
        _lanes[_laneCount++] = lane;
        return true;
    }

    /// <inheritdoc/>
    public int Feed(LevelLane lane, ReadOnlySpan<int> context, int most) => _verifier.Feed(StateOf(lane).Kv, context, most);

    /// <inheritdoc/>
    public void Run()
    {
        _verifier.Run();
        for (int i = 0; i < _laneCount; i++)
        {
            TreeWalk walk = StateOf(_lanes[i]).Walk;
            foreach (TokenChoice choice in walk.Choices) _lanes[i].Choose(choice);
            _lanes[i].Error = walk.Error;
        }
    }

    /// <inheritdoc/>
    public void Clear()
    {
        _verifier.Clear();
        _lanes.AsSpan(0, _laneCount).Clear();
        _laneCount = 0;
    }

    /// <summary>Frees the runner.</summary>
    public void Dispose() => _runner.Dispose();

    private KvSequence? Reserve(DecodingRequest request)
    {
        int context = _runner.Model.ContextLength, slots = Admission.SlotsNeeded(request, context);
        if (_isTarget) return Admission.TryReserve(_runner, request, Math.Clamp(_runner.Pool.Store.Shape.Slots - slots, 0, _slack));
        return request.PromptLength > context || slots > _runner.Pool.Store.Shape.Slots ? null : _runner.TryRent(request, slots);
    }

    private static Lane StateOf(LevelLane lane) =>
        lane?.State as Lane ?? throw new InvalidOperationException("The lane is not open at this level.");

    private sealed class Lane(KvSequence kv, bool owned)
    {
        public KvSequence Kv => kv;
        public bool Owned => owned;
        public DraftTree Tree { get; } = new();
        public TreeWalk Walk { get; } = new();
    }
}
