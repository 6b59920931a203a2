using Switchyard.Model;
using Switchyard.Strategies.Cast;
using Switchyard.Strategies.Costs;
using Switchyard.Strategies.Passes;
using Switchyard.Strategies.Sampling;

namespace Switchyard.Strategies.Speculation;

/// <summary>
/// Draft, verify, commit: a drafter guesses what follows, the target checks all guesses of all requests in one pass and keeps
/// those equal to its own choices. The tokens are plain decoding's, whatever the drafter and the shape of the trees.
/// </summary>
/// <remarks>After warm-up a step allocates nothing.</remarks>
public sealed class SpeculativeStrategy : ISharedCacheStrategy, IExplainsItself, ICalibrates, IPauses
{
    private readonly ModelRunner _target;
    private readonly IDrafter _drafter;
    private readonly ITreeShaper _shaper;
    private readonly SpeculationOptions _options;
    private readonly TreeVerifier _verifier;
    private readonly DraftGuard _guard;
    private readonly Reliability _reliability;
    private readonly int _tokenCount, _nodeRows; // rows of the target's arena that a node may take: a draft's and its own
    private readonly double[] _layerSeconds;
    private readonly CostProfiler? _plain;
    private Entry[] _entries = [];
    private DraftSession[] _sessions = []; // those that draft: requests that decode, then requests whose prompts still run
    private int _decoding, _waiting, _drafting, _following;

    /// <summary>Puts a strategy together.</summary>
    /// <param name="name">The name users choose it by.</param>
    /// <param name="target">The model whose tokens are promised; its arena bounds batch and trees. Owned from here on.</param>
    /// <param name="drafter">Where guesses come from. Owned from here on.</param>
    /// <param name="shaper">The shape of the trees.</param>
    /// <param name="options">Null for the defaults.</param>
    public SpeculativeStrategy(string name, ModelRunner target, IDrafter drafter, ITreeShaper shaper, SpeculationOptions? options = null)
    {
        (Name, _target, _drafter, _shaper, _options) = (name, target, drafter, shaper, options ?? new());
        _tokenCount = Math.Min(_options.TokenCount, target.Model.Config.VocabSize);
        _reliability = _options.Reliability ?? new Reliability(learns: false);
        _verifier = new(target, new Sampler(_tokenCount));
        _guard = new(drafter, Report);
        _nodeRows = drafter.UsesTargetCache ? 2 : 1;
        _layerSeconds = new double[shaper.MaxDepth + 1];
        if (_options.MeasuresPlain && shaper is not CastShaper) _plain = new(target, store: null, _options.Time, new CostProfilerOptions { MaxRows = 1, MaxContexts = 1 });
    }

    /// <inheritdoc/>
    public string Name { get; }

    /// <inheritdoc/>
    public DecodingGuarantee Guarantee => DecodingGuarantee.Lossless;

    /// <summary>How drafting went so far.</summary>
    public DraftReport Report { get; } = new();

    /// <summary>The shape of the trees.</summary>
    public ITreeShaper Shaper => _shaper;

    /// <summary>Told of every request that had a draft verified: its tree as the target saw it, and the walk. Null for nobody.</summary>
    public Action<DraftSession>? OnVerified { get; set; }

    /// <inheritdoc/>
    public bool TryAdmit(DecodingRequest request)
    {
        int needed = Admission.SlotsNeeded(request, _target.Model.ContextLength);
        int slack = Math.Clamp(_target.Pool.Store.Shape.Slots - needed, 0, Slack);
        if (Admission.TryReserve(_target, request, slack) is not { } kv) return false;
        if (TryOpen(request, kv, owned: true)) return true;
        _target.Pool.Return(kv);
        return false;
    }

    /// <inheritdoc/>
    public int Slack => _shaper.MaxNodes * _nodeRows;

    /// <inheritdoc/>
    public bool TryAttach(DecodingRequest request, KvSequence kv) => TryOpen(request, kv, owned: false);

    /// <inheritdoc/>
    public int Lag(DecodingRequest request)
    {
        ArgumentNullException.ThrowIfNull(request);
        return _drafter.Lag(request, (request.State as Entry)?.Session);
    }

    /// <inheritdoc/>
    public StepStats Step(ReadOnlySpan<DecodingRequest> batch)
    {
        if (batch.IsEmpty) return default;
        long start = _options.Time.GetTimestamp();
        Sort(batch);
        int layers = 0, draftForwards = Draft(ref layers), caughtUp = 0;
        foreach (DraftSession session in _sessions.AsSpan(0, _drafting + _following)) caughtUp += session.CaughtUp;
        long drafted = _options.Time.GetTimestamp();
        StepStats stats;
        int promptRows;
        try
        {
            stats = Verify(out promptRows);
        }
        finally
        {
            _verifier.Clear();
        }
        _guard.Observe(_sessions.AsSpan(0, _drafting + _following));
        double verifySeconds = _options.Time.GetElapsedTime(drafted).TotalSeconds, stepSeconds = _options.Time.GetElapsedTime(start).TotalSeconds;
        _shaper.Learn(
            _sessions.AsSpan(0, _drafting),
            new StepTimes(_layerSeconds.AsSpan(0, layers), verifySeconds, stepSeconds) { PromptRows = promptRows, Emitted = stats.Emitted });
        if (_decoding > 0) _plain?.MeasureBetweenSteps(_target.Model.AllLayers);
        return stats with { DraftForwards = draftForwards, CaughtUp = caughtUp };
    }

    /// <inheritdoc/>
    public void Release(DecodingRequest request)
    {
        if (request.State is not Entry entry) return;
        _guard.Close(entry.Session);
        if (entry.Owned) _target.Pool.Return(entry.Kv);
        request.State = null;
    }

    /// <inheritdoc/>
    public string Explain(RequestStatistics statistics)
    {
        ArgumentNullException.ThrowIfNull(statistics);
        string trees = statistics.SpeculativeSteps == 0
            ? FormattableString.Invariant($"{_drafter.Name} drafts: none was verified")
            : FormattableString.Invariant($"{_drafter.Name} drafts: {(double)statistics.DraftTokens / statistics.SpeculativeSteps:F1} nodes verified a step, {statistics.MeanAcceptanceLength:F2} tokens a step");
        string shape = _shaper is CastShaper cast
            ? FormattableString.Invariant($"; speculated in {statistics.SpeculativeSteps} of {statistics.TargetForwards} passes, threshold {cast.Last.Threshold:F2}")
            : FormattableString.Invariant($"; at most {_shaper.MaxNodes} nodes, {_shaper.MaxDepth} deep");
        string faults = Report.ToString();
        return faults.Length == 0 ? trees + shape : $"{trees}{shape}; {faults}";
    }

    /// <inheritdoc/>
    public double? MeasuredPlainSeconds(int context) =>
        _shaper is CastShaper cast ? cast.MeasuredPlainSeconds(context) : _plain?.MeasuredSeconds(_target.Model.AllLayers, context);

    /// <inheritdoc/>
    public void Calibrate(TimeSpan budget) => (_shaper as CastShaper)?.Calibrate(budget);

    /// <inheritdoc/>
    public void Resume() => (_shaper as IPauses)?.Resume();

    /// <summary>Frees drafter and target.</summary>
    public void Dispose()
    {
        _drafter.Dispose();
        _target.Dispose();
    }

    private bool TryOpen(DecodingRequest request, KvSequence kv, bool owned)
    {
        var session = new DraftSession(request, _tokenCount, _reliability) { TargetCache = kv };
        if (!_guard.TryOpen(session)) return false;
        request.State = new Entry(kv, session, owned);
        return true;
    }

    /// <summary>Requests that decode first, then those whose prompts still run; likewise their drafting sessions.</summary>
    private void Sort(ReadOnlySpan<DecodingRequest> batch)
    {
        if (_entries.Length < batch.Length) (_entries, _sessions) = (new Entry[2 * batch.Length], new DraftSession[2 * batch.Length]);
        (_decoding, _waiting, _drafting, _following) = (0, 0, 0, 0);
        foreach (DecodingRequest request in batch)
        {
            var entry = request.State as Entry ?? throw new InvalidOperationException("The request was not admitted to this strategy. Call TryAdmit first.");
            entry.Kv.Reconcile(request.Tokens);
            if (entry.Kv.Length == request.Tokens.Length - 1) _entries[_decoding++] = entry;
            else _entries[batch.Length - ++_waiting] = entry;
        }
        _entries.AsSpan(_decoding, _waiting).Reverse(); // the batch's own order

        int capacity = _target.Batch.Capacity, prompts = _waiting == 0 ? 0 : _options.PromptChunks.Budget(_decoding, capacity);
        int nodes = _decoding == 0 ? 0 : Math.Clamp((capacity - _decoding - prompts) / (_decoding * _nodeRows), 0, _shaper.MaxNodes);
        bool drafts = _guard.Ready();
        for (int i = 0; i < _decoding + _waiting; i++)
        {
            (KvSequence kv, DraftSession session, _) = _entries[i];
            bool decodes = i < _decoding;
            session.Begin(decodes ? Math.Min(_shaper.MaxDepth, session.Request.RemainingTokens - 1) : 0, Math.Min(nodes, (kv.Room - 1) / _nodeRows));
            if (!drafts || !_guard.TryOpen(session) || !session.IsOpen) continue;
            _sessions[_drafting + _following] = session;
            if (decodes) _drafting++;
            else _following++;
        }
    }

    /// <summary>Grows this step's trees.</summary>
    /// <returns>Forward passes of the drafter.</returns>
    private int Draft(ref int layers)
    {
        Span<DraftSession> drafting = _sessions.AsSpan(0, _drafting);
        _shaper.Begin(drafting);
        bool wanted = CountFrontiers(drafting) > 0;
        if (!wanted && (_drafting > 0 || _following == 0)) return 0; // parked: what the drafter misses, it makes up for later

        Span<DraftSession> asked = _sessions.AsSpan(0, _drafting + _following);
        int forwards = 0;
        for (int depth = 1; ; depth++)
        {
            long start = _options.Time.GetTimestamp();
            bool works = _guard.Expand(asked, _shaper.Children, out int passes);
            _layerSeconds[layers] = _options.Time.GetElapsedTime(start).TotalSeconds;
            Report.DraftSeconds += _layerSeconds[layers++];
            forwards += passes;
            foreach (DraftSession session in drafting)
                if (session.FrontierCount > 0) session.Request.Statistics.DraftForwards += passes;
            if (!works) return GiveUp(forwards);
            if (!wanted || depth >= _shaper.MaxDepth || !_shaper.Grow(drafting, depth)) break;
            asked = drafting;
        }
        _shaper.Prune(drafting);
        return _guard.Settle(_sessions.AsSpan(0, _drafting + _following)) ? forwards : GiveUp(forwards);
    }

    private int GiveUp(int forwards)
    {
        (_drafting, _following) = (0, 0); // every session was closed
        return forwards;
    }

    private StepStats Verify(out int promptRows)
    {
        StepStats stats = default;
        int layerCount = _target.Model.Config.LayerCount;
        long draftRows = 0;
        for (int i = 0; i < _decoding; i++)
        {
            (KvSequence kv, DraftSession session, _) = _entries[i];
            ClearUp(kv, session);
            if (!_verifier.Add(kv, session.Request.Tokens, session.Tree, session.Walk, session.Request.Sampler, session.Request, session.RootRow)) continue;
            CountPass(session.Request, 1 + session.Walk.Shown);
            session.Request.Statistics.LayerRows += session.DraftLayerRows;
            draftRows += session.DraftLayerRows;
        }
        promptRows = Prompts();
        int rows = _verifier.Pass.Rows.Length;
        long start = _options.Time.GetTimestamp();
        _verifier.Run(_drafter.SharedLayers);
        Report.VerifySeconds += _options.Time.GetElapsedTime(start).TotalSeconds;
        for (int i = 0; i < _decoding + _waiting; i++) stats += Count(_entries[i].Session);
        return stats with { LayerRows = (long)rows * layerCount + draftRows, TargetForwards = 1 };
    }

    /// <summary>Feeds chunks of the prompts that still run; one that reaches its end chooses its first token.</summary>
    private int Prompts()
    {
        if (_waiting == 0) return 0;
        int budget = Math.Min(_options.PromptChunks.Budget(_decoding, _verifier.Room), _verifier.Room), all = budget;
        for (int i = _decoding; i < _decoding + _waiting && budget > 0; i++)
        {
            (KvSequence kv, DraftSession session, _) = _entries[i];
            int missing = session.Request.Tokens.Length - kv.Length, fed = Math.Min(missing, budget);
            if (fed == missing) _verifier.Add(kv, session.Request.Tokens, null, session.Walk, session.Request.Sampler, session.Request);
            else fed = _verifier.Feed(kv, session.Request.Tokens, fed);
            if (fed > 0) CountPass(session.Request, fed);
            budget -= fed;
        }
        return all - budget;
    }

    private StepStats Count(DraftSession session)
    {
        TreeWalk walk = session.Walk;
        if (walk.ChoiceCount == 0 && walk.Shown == 0) return default;
        RequestStatistics statistics = session.Request.Statistics;
        if (session.RefusedGuesses > 0) Report.RefusedGuesses += session.TakeRefusedGuesses();
        int accepted = walk.Nodes.Length, verified = 0;
        if (walk.Shown > 0)
        {
            verified = walk.Shown + 1;
            statistics.RecordVerification(walk.Shown, accepted);
            statistics.VerifiedRows += verified;
            _reliability.Observe(session.Tree, walk);
            OnVerified?.Invoke(session);
        }
        return new StepStats(walk.ChoiceCount, walk.Shown, accepted, VerifiedRows: verified);
    }

    /// <summary>What a drafter that failed may have left behind: guesses in the target's cache, a sampler advanced along them.</summary>
    private static void ClearUp(KvSequence kv, DraftSession session)
    {
        DecodingRequest request = session.Request;
        if (session.RootRow < 0 && kv.Staged > 0) kv.Rollback();
        if (request.Sampler.Position > request.Tokens.Length) request.Sampler.Rewind(request.Tokens.Length);
    }

    private void CountPass(DecodingRequest request, int rows)
    {
        request.Statistics.TargetForwards++;
        request.Statistics.LayerRows += (long)rows * _target.Model.Config.LayerCount;
    }

    private static int CountFrontiers(ReadOnlySpan<DraftSession> sessions)
    {
        int count = 0;
        foreach (DraftSession session in sessions) count += session.FrontierCount;
        return count;
    }

    private sealed record Entry(KvSequence Kv, DraftSession Session, bool Owned);
}
