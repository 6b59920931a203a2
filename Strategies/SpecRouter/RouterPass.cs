using Switchyard.Strategies.Speculation;

namespace Switchyard.Strategies.SpecRouter;

/// <summary>
/// One pass of one level: the sequences that need it, those that ride along, and chunks of what it lags behind; then what it
/// said is settled.
/// </summary>
internal sealed class RouterPass(IReadOnlyList<LevelGuard> ladder, IChainPolicy policy, LawComparison laws, SpecRouterOptions options)
{
    private const int MostBrought = 16; // rows that a decoding sequence may bring along without counting as catching up

    private readonly LastHop _lastHop = new(options, policy);
    private Entry[] _checks = [], _late = []; // checked in this pass; those with much to catch up
    private ChainPlan _plan;
    private int _level, _count, _lateCount, _contextSum, _rows, _caughtUp;
    private bool _feeds, _compares;

    private int Target => ladder.Count - 1;

    private IChainLevel Rung => ladder[_level].Level;

    /// <summary>Runs one pass. After an error every sequence is as it was; <see cref="End"/> must follow in any case.</summary>
    /// <param name="level">Which level.</param>
    /// <param name="plan">The chain.</param>
    /// <param name="sequences">Everybody.</param>
    /// <param name="stats">Receives counts.</param>
    /// <returns>False if there was nothing to run.</returns>
    public bool Run(int level, ChainPlan plan, ReadOnlySpan<ChainSequence> sequences, ref StepStats stats)
    {
        long start = options.Time.GetTimestamp();
        (_level, _plan, _count, _lateCount, _contextSum, _rows, _caughtUp, _feeds, _compares) = (level, plan, 0, 0, 0, 0, 0, false, false);
        if (_checks.Length < sequences.Length) (_checks, _late) = (new Entry[2 * sequences.Length], new Entry[2 * sequences.Length]);
        foreach (ChainSequence sequence in sequences) Collect(sequence);
        AddChecks();
        AddLate();
        if (_rows == 0) return false;

        Rung.Run();
        LevelReport report = ladder[level].Report;
        for (int i = 0; i < _count; i++)
        {
            if (_checks[i].Sequence.Lanes[level].Law is not null) laws.End(_checks[i].Sequence, level, _checks[i].From, policy);
            if (level == Target) SettleTarget(_checks[i], ref stats);
            else SettleDraft(_checks[i]);
        }
        double seconds = options.Time.GetElapsedTime(start).TotalSeconds;
        (report.Passes, report.Rows, report.Seconds) = (report.Passes + 1, report.Rows + _rows, report.Seconds + seconds);
        if (_count > 0 && !_feeds) policy.ObservePass(level, _count, _contextSum / _count, (double)_rows / _count, seconds);
        stats += level == Target
            ? new StepStats(0, LayerRows: (long)_rows * Rung.LayerCount, TargetForwards: 1)
            : new StepStats(0, DraftForwards: 1, CaughtUp: _caughtUp);
        return true;
    }

    /// <summary>Ends the pass: every sampler stands after its request's tokens again.</summary>
    public void End(ReadOnlySpan<ChainSequence> sequences)
    {
        foreach (ChainSequence sequence in sequences)
        {
            DecodingRequest request = sequence.Request;
            if (request.Sampler.Position > request.Tokens.Length) request.Sampler.Rewind(request.Tokens.Length);
            (sequence.Lanes[_level].Law, sequence.Lanes[_level].Ranked, sequence.Lanes[_level].Tree) = (null, null, null);
        }
    }

    /// <summary>Enters a sequence that takes part: among those checked at once, or among those that lag far behind.</summary>
    private void Collect(ChainSequence sequence)
    {
        if (sequence.Request.IsFinished || (sequence.Need != _level && !Rides(sequence))) return;
        LevelLane lane = sequence.Lanes[_level];
        int from = IsBottom(sequence) ? sequence.Count : sequence.VerifiedBy(Chain(sequence), _level);
        int missing = Rung.Missing(lane, sequence.Tokens[..from]);
        if (missing < 0)
        {
            if (_level != Target) lane.IsBarred = true;
            else sequence.Request.Fail(new ArgumentException("The request has tokens that are not in the target's vocabulary. Tokenize with the model's own tokenizer."));
            return;
        }
        lane.Cached = from - missing;
        var entry = new Entry(sequence, from, missing, 0);
        if (missing <= Math.Clamp(Rung.Capacity / 2, 1, MostBrought)) _checks[_count++] = entry;
        else _late[_lateCount++] = entry;
    }

    /// <summary>A sequence with something to check, or at the target with nothing, joins a pass that others asked for.</summary>
    private bool Rides(ChainSequence sequence)
    {
        if (!_plan.Rides || sequence.Need > _level || (Chain(sequence) >> _level & 1) == 0 || IsBottom(sequence)) return false;
        return _level == Target || sequence.PendingFor(Chain(sequence), _level) > 0;
    }

    private uint Chain(ChainSequence sequence) => sequence.Levels & _plan.Levels | 1u << Target;

    private bool IsBottom(ChainSequence sequence) => _level != Target && (Chain(sequence) & (1u << _level) - 1) == 0;

    /// <summary>Whether what the level says of a sequence goes straight to the target.</summary>
    private bool IsLastBelowTarget(ChainSequence sequence) => _level != Target && Chain(sequence) >> _level + 1 == 1u << Target - _level - 1;

    private void AddChecks()
    {
        int all = _count, reserve = _lateCount == 0 ? 0 : Math.Min(options.PromptChunks.AmongDecoding, Rung.Capacity / 4);
        _count = 0;
        for (int i = 0; i < all; i++) // those without room have their turn in a later pass
        {
            Entry entry = _checks[i];
            int share = (Rung.Room - reserve) / (all - i), pending = entry.Sequence.Count - entry.From;
            pending = Math.Clamp(share - entry.Missing, 0, pending);
            if (_level == Target) entry.Sequence.Lanes[Target].Tree = _lastHop.Grow(entry.Sequence, entry.From, pending, share - entry.Missing - pending, all);
            Add(entry, pending);
        }
    }

    /// <summary>Chunks of prompts, and of what a smaller model missed; one that reaches the end is asked at once.</summary>
    private void AddLate()
    {
        int budget = Math.Min(options.PromptChunks.Budget(_count, Rung.Room), Rung.Room);
        for (int i = 0; i < _lateCount && budget > 0; i++)
        {
            Entry entry = _late[i];
            int before = Rung.Room;
            if (entry.Missing <= budget) Add(entry, Math.Clamp(budget - entry.Missing, 0, entry.Sequence.Count - entry.From));
            else
            {
                LevelLane lane = entry.Sequence.Lanes[_level];
                lane.Cached += Rung.Feed(lane, entry.Sequence.Tokens[..entry.From], budget);
                Count(entry.Sequence, before - Rung.Room);
            }
            _feeds = true;
            _caughtUp += before - Rung.Room;
            budget -= before - Rung.Room;
        }
    }

    private void Add(Entry entry, int pending)
    {
        ChainSequence sequence = entry.Sequence;
        DecodingRequest request = sequence.Request;
        for (int at = request.Sampler.Position; at < entry.From; at++) request.Sampler.Advance(sequence.Tokens[at]);
        if (_lastHop.IsOn && IsLastBelowTarget(sequence)) _lastHop.Begin(sequence, _level);
        bool compares = !_compares && laws.Begin(sequence, Chain(sequence), _level, entry.From);
        int before = Rung.Room;
        if (!Rung.Add(sequence.Lanes[_level], sequence.Tokens[..entry.From], sequence.Tokens.Slice(entry.From, pending)))
        {
            sequence.Lanes[_level].Law = null;
            return;
        }
        _compares |= compares;
        int rows = before - Rung.Room;
        _checks[_count++] = entry with { Shown = rows - entry.Missing, Pending = Math.Min(pending, rows - entry.Missing) };
        _contextSum += entry.From;
        Count(sequence, rows);
    }

    private void Count(ChainSequence sequence, int rows)
    {
        RequestStatistics statistics = sequence.Request.Statistics;
        (_rows, sequence.Waited) = (_rows + rows, 0);
        if (_level == Target) (statistics.TargetForwards, statistics.LayerRows) = (statistics.TargetForwards + 1, statistics.LayerRows + (long)rows * Rung.LayerCount);
        else statistics.DraftForwards++;
    }

    private void SettleDraft(in Entry entry)
    {
        (ChainSequence sequence, int from) = (entry.Sequence, entry.From);
        LevelLane lane = sequence.Lanes[_level];
        int position = Settler.Settle(sequence, _level, from, options.TokenCount, policy, out bool refused);
        _lastHop.Note(sequence, _level, from, position - from);
        (lane.Verified, lane.Cached) = (position, Math.Max(lane.Cached, position - 1));
        laws.Truncate(sequence, sequence.Count - 1);
        if (refused || lane.Error is not null || lane.ChoiceCount == 0) ladder[_level].Refuse(lane, sequence.Committed, lane.Error);
        else lane.Failures = 0;
    }

    private void SettleTarget(in Entry entry, ref StepStats stats)
    {
        (ChainSequence sequence, int from, int shown) = (entry.Sequence, entry.From, entry.Shown);
        DecodingRequest request = sequence.Request;
        LevelLane lane = sequence.Lanes[_level];
        CountOffered(entry);
        DraftTree? tree = shown > entry.Pending ? lane.Tree : null;
        if (tree is not null) _lastHop.Learn(tree, shown, lane.Choices);
        int accepted = 0, emitted = 0, node = DraftTree.Root;
        var tally = new BlockTally(policy, _level);
        foreach (TokenChoice choice in lane.Choices)
        {
            int position = from + emitted, source = position < sequence.Count ? sequence.SourceOf(position) : -1;
            bool kept = sequence.Settle(position, choice.Token, _level);
            if (source >= 0) tally.Count(source, kept);
            kept &= emitted < entry.Pending;
            if (tree is not null && (node = tree.FindChild(node, choice.Token)) >= entry.Pending && node < shown)
                kept = true; // an alternative of the same level: what was pending from here on is gone
            if (kept && source < Target) request.Statistics.RecordLevel(source, offered: 0, kept: 1);
            if (kept) accepted++;
            ladder[kept ? source : Target].Report.Committed++;
            emitted++;
            if (!request.Emit(choice, isDrafted: kept, kept ? source : null) || !kept) break;
        }
        tally.End();
        sequence.Commit(request.Tokens.Length);
        (sequence.InPrompt, lane.Cached) = (false, from + accepted);
        laws.Truncate(sequence, sequence.Count - 1);
        if (lane.Error is { } error) request.Fail(error);

        if (shown > 0) request.Statistics.RecordVerification(shown, accepted);
        if (shown > 0) request.Statistics.VerifiedRows += shown + 1;
        stats += new StepStats(emitted, shown, accepted, VerifiedRows: shown > 0 ? shown + 1 : 0);
    }

    /// <summary>Counts what the target was shown, by the level that had said it.</summary>
    private void CountOffered(in Entry entry)
    {
        ChainSequence sequence = entry.Sequence;
        for (int i = 0; i < entry.Shown; i++)
        {
            int place = i < entry.Pending ? i : sequence.Lanes[Target].Tree!.Depths[i] - 1; // an alternative is of whoever stands for the token beside it
            int source = sequence.SourceOf(entry.From + place);
            ladder[source].Report.Offered++;
            if (source < Target) sequence.Request.Statistics.RecordLevel(source, offered: 1, kept: 0);
        }
    }

    /// <param name="From">Tokens that stand for this level; its first choice is for the place after them.</param>
    /// <param name="Missing">Rows to bring its cache there.</param>
    /// <param name="Shown">Tokens that it checks.</param>
    /// <param name="Pending">Those of them that are pending tokens; the others are alternatives.</param>
    private readonly record struct Entry(ChainSequence Sequence, int From, int Missing, int Shown, int Pending = 0);
}
