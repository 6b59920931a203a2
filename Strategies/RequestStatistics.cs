namespace Switchyard.Strategies;

/// <summary>What one request cost and how its drafts fared. Strategies count; names follow vLLM and AIPerf.</summary>
public sealed class RequestStatistics
{
    private const int DepthCapacity = 1024; // depths reserved at first, so that short outputs never grow the list

    private readonly int[] _acceptanceHistogram = new int[AcceptanceBins];
    private List<int>? _depths, _drafted, _accepted;
    private LevelTally[]? _levels;

    /// <summary>Bins of <see cref="AcceptanceHistogram"/>; the last also counts everything longer.</summary>
    public const int AcceptanceBins = 65;

    /// <summary>Steps in which drafts were verified (num_spec_steps).</summary>
    public int SpeculativeSteps { get; private set; }

    /// <summary>Draft tokens shown to the target (num_draft_tokens).</summary>
    public int DraftTokens { get; private set; }

    /// <summary>Draft tokens the target kept (num_accepted_draft_tokens).</summary>
    public int AcceptedDraftTokens { get; private set; }

    /// <summary>Forward passes of the target that this request took part in (target_forwards).</summary>
    public int TargetForwards { get; set; }

    /// <summary>Forward passes of any other model that this request took part in.</summary>
    public int DraftForwards { get; set; }

    /// <summary>Rows of this request verified by the target (verified_rows).</summary>
    public int VerifiedRows { get; set; }

    /// <summary>Σ over target layers of this request's rows run there, prompt included.</summary>
    public long LayerRows { get; set; }

    /// <summary>Prompt tokens found in a cache instead of being run.</summary>
    public int CachedPromptTokens { get; set; }

    /// <summary>Times a row of this request went on with others after it had waited for them (rebatches).</summary>
    public int Rebatches { get; set; }

    /// <summary>Layers that each generated token was given after, in order; null where every token has the model's full depth by design.</summary>
    public IReadOnlyList<int>? TokenDepths => _depths;

    /// <summary>How the guesses of each level of a ladder fared, from the bottom; null where there is no ladder.</summary>
    public IReadOnlyList<LevelTally>? Levels => _levels;

    /// <summary>How many speculative steps accepted i draft tokens, shape [<see cref="AcceptanceBins"/>] (acceptance_histogram).</summary>
    public ReadOnlySpan<int> AcceptanceHistogram => _acceptanceHistogram;

    /// <summary>Mean tokens per speculative step, the bonus token included; 0 before the first (mean_acceptance_length).</summary>
    public double MeanAcceptanceLength => SpeculativeSteps == 0 ? 0 : 1 + (double)AcceptedDraftTokens / SpeculativeSteps;

    /// <summary>Accepted over drafted; 0 before the first draft (draft_acceptance_rate).</summary>
    public double DraftAcceptanceRate => DraftTokens == 0 ? 0 : (double)AcceptedDraftTokens / DraftTokens;

    /// <summary>Draft tokens shown to the target, step by step of those that checked any (per_step_drafted).</summary>
    public IReadOnlyList<int> PerStepDrafted => _drafted ?? (IReadOnlyList<int>)[];

    /// <summary>Those of <see cref="PerStepDrafted"/> that the target kept (per_step_accepted).</summary>
    public IReadOnlyList<int> PerStepAccepted => _accepted ?? (IReadOnlyList<int>)[];

    /// <summary>
    /// For every number of draft tokens that a step showed, how many such steps accepted 0, 1, … of them
    /// (acceptance_histogram_by_draft_length). Made anew by every call.
    /// </summary>
    public IReadOnlyDictionary<int, IReadOnlyList<int>> AcceptanceByDraftLength()
    {
        var bins = new SortedDictionary<int, int[]>();
        for (int step = 0; step < PerStepDrafted.Count; step++)
        {
            int drafted = _drafted![step];
            if (!bins.TryGetValue(drafted, out int[]? counts)) bins[drafted] = counts = new int[drafted + 1];
            counts[_accepted![step]]++;
        }
        return bins.ToDictionary(pair => pair.Key, pair => (IReadOnlyList<int>)pair.Value);
    }

    /// <summary>The share of steps that accepted at least 1, 2, … draft tokens: the fate of guesses by their place. Made anew by every call.</summary>
    public IReadOnlyList<double> AcceptanceByPosition()
    {
        int longest = AcceptanceBins - 1;
        while (longest > 0 && _acceptanceHistogram[longest] == 0) longest--;
        var shares = new double[longest];
        for (int position = longest, steps = 0; position > 0; position--) shares[position - 1] = (double)(steps += _acceptanceHistogram[position]) / SpeculativeSteps;
        return shares;
    }

    /// <summary>Begins <see cref="TokenDepths"/>; for strategies whose tokens may leave early, on admission.</summary>
    /// <param name="tokens">Tokens that may come.</param>
    public void TrackDepths(int tokens) => _depths ??= new List<int>(Math.Clamp(tokens, 0, DepthCapacity));

    /// <summary>Notes the depth of the token just given; nothing without <see cref="TrackDepths"/>.</summary>
    /// <param name="depth">Layers run before its logits were read.</param>
    public void RecordDepth(int depth) => _depths?.Add(depth);

    /// <summary>Begins <see cref="Levels"/>; on admission.</summary>
    /// <param name="names">Names of the levels below the target, from the bottom.</param>
    public void TrackLevels(IReadOnlyList<string> names)
    {
        ArgumentNullException.ThrowIfNull(names);
        _levels ??= [.. names.Select(name => new LevelTally(name))];
    }

    /// <summary>Counts tokens of one level that the target was shown, and kept; nothing without <see cref="TrackLevels"/>.</summary>
    public void RecordLevel(int level, int offered, int kept)
    {
        if (_levels is null) return;
        _levels[level].Offered += offered;
        _levels[level].Kept += kept;
    }

    /// <summary>Counts one verification of this request's drafts.</summary>
    /// <param name="drafted">Draft tokens shown to the target.</param>
    /// <param name="accepted">Those it kept, without the bonus token.</param>
    public void RecordVerification(int drafted, int accepted)
    {
        SpeculativeSteps++;
        (_drafted ??= new List<int>(DepthCapacity)).Add(drafted);
        (_accepted ??= new List<int>(DepthCapacity)).Add(accepted);
        DraftTokens += drafted;
        AcceptedDraftTokens += accepted;
        _acceptanceHistogram[Math.Min(accepted, AcceptanceBins - 1)]++;
    }
}
