using System.Globalization;
using System.Numerics;
using System.Text;
using Switchyard.Model;
using Switchyard.Strategies.Costs;

namespace Switchyard.Strategies.SpecRouter;

/// <summary>
/// SpecRouter: speculation over a ladder of any number of models (arXiv:2505.07680). The bottom of the chain in use drafts, each
/// larger level corrects what it is handed, and only the target's word is emitted.
/// </summary>
/// <remarks>
/// <para>A step is one pass of one level. Every sequence is a state machine that knows which level it needs next; the sequences
/// that need the same level share its pass, the deepest level that enough of them wait for goes first.</para>
/// <para>Tokens are plain decoding's whatever the ladder, the chain and the schedule: a level keeps a token only if it would have
/// chosen it itself. Below the target, errors and nonsense cost time only. After warm-up a step allocates nothing.</para>
/// </remarks>
public sealed class SpecRouterStrategy : ISharedCacheStrategy, IExplainsItself, ICalibrates, IPauses
{
    private readonly LevelGuard[] _ladder;
    private readonly IChainPolicy _policy;
    private readonly SpecRouterOptions _options;
    private readonly RouterPass _pass;
    private readonly LawComparison _laws;
    private readonly int[] _behind, _mostPending, _waiting;
    private readonly uint _verifying;
    private readonly string[] _drafts; // names of the levels below the target
    private readonly CostProfiler? _plain;
    private bool _plainTold;
    private ChainSequence[] _sequences = [];
    private int _count, _decoding;
    private long _passes, _blocks;

    /// <summary>Puts a router together.</summary>
    /// <param name="ladder">Levels from the smallest to the target, at most <see cref="ChainPlan.MaxLevels"/>; the first alone may be one that only drafts. Owned from here on.</param>
    /// <param name="policy">Chooses the chain.</param>
    /// <param name="options">Null for the defaults.</param>
    /// <param name="name">The name users choose it by.</param>
    public SpecRouterStrategy(IReadOnlyList<IChainLevel> ladder, IChainPolicy policy, SpecRouterOptions? options = null, string name = "specrouter")
    {
        ArgumentNullException.ThrowIfNull(ladder);
        if (ladder.Count is 0 or > ChainPlan.MaxLevels)
            throw new ArgumentException($"A ladder has between 1 and {ChainPlan.MaxLevels} levels; got {ladder.Count}.", nameof(ladder));
        (Name, _policy, _options) = (name, policy, options ?? new());
        _ladder = new LevelGuard[ladder.Count];
        var reports = new LevelReport[ladder.Count];
        for (int i = 0; i < ladder.Count; i++)
        {
            if (i > 0 && !ladder[i].Verifies)
                throw new ArgumentException($"Level {i} ({ladder[i].Name}) only drafts; such a level can stand at the bottom of a ladder alone.", nameof(ladder));
            if (ladder[i].Verifies) _verifying |= 1u << i;
            reports[i] = new LevelReport(ladder[i].Name);
            _ladder[i] = new LevelGuard(ladder[i], reports[i]);
        }
        if (!ladder[^1].Verifies) throw new ArgumentException("The last level of a ladder is the target; one that only drafts cannot be.", nameof(ladder));
        (Levels, _behind, _mostPending, _waiting) = (reports, new int[ladder.Count], new int[ladder.Count], new int[ladder.Count]);
        _laws = new LawComparison(ladder.Count, _options.CompareEvery, _options.TokenCount);
        _pass = new RouterPass(_ladder, policy, _laws, _options);
        _drafts = [.. ladder.SkipLast(1).Select(level => level.Name)];
        if (_options.MeasuresPlain && ladder[^1] is ModelLevel target)
            _plain = new CostProfiler(target.Runner, store: null, _options.Time, new CostProfilerOptions { MaxRows = 1, MaxContexts = 1 });
    }

    /// <inheritdoc/>
    public string Name { get; }

    /// <inheritdoc/>
    public DecodingGuarantee Guarantee => DecodingGuarantee.Lossless;

    /// <summary>How each level fared, from the bottom.</summary>
    public IReadOnlyList<LevelReport> Levels { get; }

    /// <summary>The chain in use.</summary>
    public ChainPlan Plan { get; private set; }

    /// <summary>Times the chain changed.</summary>
    public int Switches { get; private set; }

    private int Target => _ladder.Length - 1;

    /// <inheritdoc/>
    public bool TryAdmit(DecodingRequest request)
    {
        ArgumentNullException.ThrowIfNull(request);
        var sequence = new ChainSequence(request, _ladder.Length);
        if (!_ladder[Target].Level.TryOpen(sequence.Lanes[Target])) return false;
        Enter(sequence);
        return true;
    }

    /// <inheritdoc/>
    public int Slack => _options.MaxBranches;

    /// <inheritdoc/>
    public bool TryAttach(DecodingRequest request, KvSequence kv)
    {
        ArgumentNullException.ThrowIfNull(request);
        if (_ladder[Target].Level is not ModelLevel) return false; // a target of another kind has no such cache
        var sequence = new ChainSequence(request, _ladder.Length);
        ModelLevel.Adopt(sequence.Lanes[Target], kv);
        Enter(sequence);
        return true;
    }

    /// <inheritdoc/>
    public int Lag(DecodingRequest request)
    {
        ArgumentNullException.ThrowIfNull(request);
        uint drafts = Plan.Levels & _verifying & ~(1u << Target);
        if (drafts == 0) drafts = _verifying & ~(1u << Target) & (~_verifying + 1); // nothing drafts at the moment: something small may begin
        int lag = 0;
        for (int level = 0; level < Target; level++)
            if ((drafts >> level & 1) != 0) lag += _ladder[level].Level.Lag(request, (request.State as ChainSequence)?.Lanes[level]);
        return lag;
    }

    /// <inheritdoc/>
    public StepStats Step(ReadOnlySpan<DecodingRequest> batch)
    {
        if (batch.IsEmpty) return default;
        Gather(batch);
        ReadOnlySpan<ChainSequence> sequences = _sequences.AsSpan(0, _count);
        StepStats stats = default;
        while (true)
        {
            ChoosePlan(sequences);
            foreach (ChainSequence sequence in sequences) FindNeed(sequence);
            int level = ChooseLevel(sequences);
            if (RunPass(level, sequences, ref stats))
            {
                if (level == Target) MeasureBetweenSteps();
                return stats;
            }
            if (!AnyRuns(sequences)) return stats; // every request failed by itself
        }
    }

    /// <inheritdoc/>
    public void Release(DecodingRequest request)
    {
        ArgumentNullException.ThrowIfNull(request);
        if (request.State is not ChainSequence sequence) return;
        _laws.Release(sequence);
        for (int level = 0; level < Target; level++) _ladder[level].Close(sequence.Lanes[level]);
        _ladder[Target].Level.Close(sequence.Lanes[Target]);
        request.State = null;
    }

    /// <inheritdoc/>
    public string Explain(RequestStatistics statistics)
    {
        ArgumentNullException.ThrowIfNull(statistics);
        var text = new StringBuilder("chain ");
        for (int level = 0; level <= Target; level++)
        {
            if (!Plan.Has(level)) continue;
            if (level != Plan.Bottom) text.Append(" > ");
            text.Append(Levels[level].Name);
            if (level != Plan.Bottom) text.Append(CultureInfo.InvariantCulture, $" per {Plan.Window(level)}");
        }
        if (_policy.Explain() is { } why) text.Append(", ").Append(why);
        text.Append(CultureInfo.InvariantCulture, $", {Switches} switches");
        foreach (LevelTally level in statistics.Levels ?? [])
            if (level.Offered > 0) text.Append(CultureInfo.InvariantCulture, $"; {level.Name}: {level.Kept} of {level.Offered} kept");
        foreach (LevelReport level in Levels)
            if (level.Faults is { } faults) text.Append(CultureInfo.InvariantCulture, $"; {level.Name} {faults}");
        return text.ToString();
    }

    /// <inheritdoc/>
    public void Calibrate(TimeSpan budget) => _policy.Calibrate(budget);

    /// <inheritdoc/>
    public void Resume() => (_policy as IPauses)?.Resume();

    /// <inheritdoc/>
    public double? MeasuredPlainSeconds(int context) =>
        _ladder[Target].Level is ModelLevel target ? _plain?.MeasuredSeconds(target.Runner.Model.AllLayers, context) : null;

    /// <summary>Frees every level.</summary>
    public void Dispose()
    {
        foreach (LevelGuard guard in _ladder) guard.Level.Dispose();
    }

    /// <summary>The lane of a request at a level, for tests.</summary>
    internal static LevelLane LaneOf(DecodingRequest request, int level) => SequenceOf(request).Lanes[level];

    /// <summary>The state of a request, for tests.</summary>
    internal static ChainSequence SequenceOf(DecodingRequest request) =>
        request.State as ChainSequence ?? throw new InvalidOperationException("The request was not admitted to this strategy. Call TryAdmit first.");

    private void Enter(ChainSequence sequence)
    {
        sequence.Lanes[Target].IsOpen = true;
        sequence.Request.State = sequence;
        sequence.Request.Statistics.TrackLevels(_drafts);
    }

    // What a plain pass takes is for the policy too, once it is known.
    private void MeasureBetweenSteps()
    {
        if (_decoding == 0) return; // not while everybody waits for a first token
        _policy.BetweenSteps();
        if (_plain is null || _plainTold) return;
        var layers = ((ModelLevel)_ladder[Target].Level).Runner.Model.AllLayers;
        _plain.MeasureBetweenSteps(layers);
        if (!_plain.IsCalibrated || _plain.MeasuredSeconds(layers, 0) is not { } seconds) return;
        _policy.ObservePass(Target, 1, 0, 1, seconds);
        _plainTold = true;
    }

    private void Gather(ReadOnlySpan<DecodingRequest> batch)
    {
        if (_sequences.Length < batch.Length) _sequences = new ChainSequence[2 * batch.Length];
        (_count, _decoding) = (0, 0);
        foreach (DecodingRequest request in batch)
        {
            ChainSequence sequence = SequenceOf(request);
            _laws.Truncate(sequence, sequence.Sync());
            if (!sequence.InPrompt) _decoding++;
            _sequences[_count++] = sequence;
        }
    }

    /// <summary>Asks the policy, and opens the lanes that its chain needs.</summary>
    private void ChoosePlan(ReadOnlySpan<ChainSequence> sequences)
    {
        uint usable = 1u << Target;
        for (int level = 0; level < Target; level++)
            if (_ladder[level].IsUsable(_passes)) usable |= 1u << level;
        Survey(sequences, out int context);
        var view = new ChainView(Plan, _behind, _mostPending)
        {
            Usable = usable, Verifying = _verifying, Batch = Math.Max(1, _decoding), Context = context, Blocks = _blocks,
        };
        ChainPlan plan = _policy.Next(view);
        if (plan.Levels == 0 || plan.Top != Target)
            throw new InvalidOperationException($"The chain '{plan}' does not end in the target, level {Target}. A chain policy must always end there.");
        if (plan != Plan && Plan.Levels != 0) Switches++;
        Plan = plan;
        foreach (ChainSequence sequence in sequences) FindLevels(sequence, usable);
    }

    /// <summary>Which levels can serve a sequence now: those that are open to it and not at rest.</summary>
    private void FindLevels(ChainSequence sequence, uint usable)
    {
        sequence.Levels = 1u << Target;
        if (sequence.InPrompt) return;
        for (int level = 0; level < Target; level++)
        {
            LevelLane lane = sequence.Lanes[level];
            if ((usable & Plan.Levels & 1u << level) == 0 || lane.RestsUntil > sequence.Committed || lane.IsBarred) continue;
            if (_ladder[level].Open(lane, _passes)) sequence.Levels |= 1u << level;
        }
    }

    private void Survey(ReadOnlySpan<ChainSequence> sequences, out int context)
    {
        long tokens = 0;
        _behind.AsSpan().Clear();
        foreach (ChainSequence sequence in sequences)
        {
            tokens += sequence.Committed;
            for (int level = 0; level < _behind.Length; level++) _behind[level] += Math.Max(0, sequence.Committed - sequence.Lanes[level].Cached);
        }
        int count = sequences.Length;
        for (int level = 0; level < _behind.Length; level++)
        {
            _behind[level] = _ladder[level].Level.Verifies ? _behind[level] / count : 0;
            _mostPending[level] = Math.Clamp(_ladder[level].Level.Capacity / Math.Max(1, _decoding) - 2, 0, ChainPlan.MaxWindow);
        }
        context = (int)(tokens / count);
    }

    /// <summary>Finds the level that a sequence needs, after drafting with the bottom where that runs no pass.</summary>
    private void FindNeed(ChainSequence sequence)
    {
        int need = sequence.NextLevel(Plan);
        while (!_ladder[need].Level.Verifies)
        {
            DraftWithoutPass(sequence, need);
            need = sequence.NextLevel(Plan);
        }
        if (need != sequence.Need) (sequence.Need, sequence.Waited) = (need, 0);
    }

    private void DraftWithoutPass(ChainSequence sequence, int level)
    {
        LevelLane lane = sequence.Lanes[level];
        uint chain = sequence.Levels & Plan.Levels | 1u << Target;
        int above = BitOperations.TrailingZeroCount(chain & chain - 1), before = sequence.Count;
        bool refused = false;
        lane.Wanted = Math.Max(1, Plan.Window(above) - sequence.PendingFor(chain, above));
        try
        {
            _ladder[level].Level.Add(lane, sequence.Tokens, default);
            lane.Verified = Settler.Settle(sequence, level, before, _options.TokenCount, _policy, out refused);
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            _ladder[level].Fail(e, _passes);
            lane.ClearChoices();
            sequence.Levels &= ~(1u << level);
            return;
        }
        if (refused) _ladder[level].Refuse(lane, sequence.Committed, null);
        if (sequence.Count > before) return;
        if (sequence.PendingFor(chain, above) == 0) _policy.ObserveBlock(level, above, 1, 0); // nothing to offer is as good as a miss
        sequence.IsDry = true;
    }

    /// <summary>
    /// The level whose pass runs: the deepest that enough of the decoding sequences need; else the one where most have waited
    /// longest.
    /// </summary>
    private int ChooseLevel(ReadOnlySpan<ChainSequence> sequences)
    {
        _waiting.AsSpan().Clear();
        Span<int> ready = stackalloc int[ChainPlan.MaxLevels];
        ready.Clear();
        foreach (ChainSequence sequence in sequences)
        {
            if (sequence.Request.IsFinished) continue;
            _waiting[sequence.Need] += 1 + sequence.Waited++;
            if (!sequence.InPrompt) ready[sequence.Need]++;
        }
        int enough = Math.Max(1, (int)Math.Ceiling(_options.ReadyShare * _decoding)), best = Target;
        for (int level = Target; level >= 0; level--)
        {
            if (ready[level] >= enough) return level;
            if (_waiting[level] > _waiting[best]) best = level;
        }
        return best;
    }

    private bool RunPass(int level, ReadOnlySpan<ChainSequence> sequences, ref StepStats stats)
    {
        bool isTarget = level == Target;
        try
        {
            bool ran = _pass.Run(level, Plan, sequences, ref stats);
            if (!ran) return false;
            _passes++;
            if (isTarget && _decoding > 0) _blocks++;
            _ladder[level].Works();
            return true;
        }
        catch (Exception e) when (!isTarget && e is not OutOfMemoryException)
        {
            _ladder[level].Fail(e, _passes);
            foreach (ChainSequence sequence in sequences) _ladder[level].Close(sequence.Lanes[level]);
            return false;
        }
        finally
        {
            _pass.End(sequences);
            if (isTarget || _ladder[level].IsUsable(_passes)) _ladder[level].Level.Clear();
        }
    }

    private static bool AnyRuns(ReadOnlySpan<ChainSequence> sequences)
    {
        foreach (ChainSequence sequence in sequences)
            if (!sequence.Request.IsFinished) return true;
        return false;
    }
}
