using System.Globalization;
using System.Text;
using Switchyard.Model;
using Switchyard.Strategies.Costs;
using Switchyard.Strategies.Passes;

namespace Switchyard.Strategies.Auto;

/// <summary>
/// <c>auto</c>: takes each step with the strategy that measured best, and loses no more than a bounded share of time to plain
/// decoding whatever drafts are worth.
/// </summary>
/// <remarks>
/// <para>Strategies take turns on one target cache that is reserved here; what they keep beside it they keep per request. Since
/// every one of them is lossless, tokens are plain decoding's however often turns change.</para>
/// <para>While a prompt runs, steps are plain ones. A strategy that throws is not asked again; one that has no room for a
/// request is probed again later. After warm-up a step allocates nothing.</para>
/// </remarks>
public sealed partial class AutoStrategy : IDecodingStrategy, IExplainsItself
{
    private const double Copies = 0.6, CopiesNoMore = 0.25; // shares of tokens that were foretold

    private readonly ModelRunner _target;
    private readonly ISharedCacheStrategy[] _arms;
    private readonly ArmUse[] _uses;
    private readonly int _slack;
    private Entry[] _entries = []; // of the batch in hand
    private int _admitted, _count;
    private bool _copies;

    /// <summary>Puts a choice together.</summary>
    /// <param name="target">The model whose tokens are promised; its arena has rows for the largest step of any strategy. Owned from here on.</param>
    /// <param name="arms">Makes the strategies to choose from, each over the shared runner it is given; plain decoding is added in front.</param>
    /// <param name="options">Null for the defaults.</param>
    /// <param name="names">What reports call the strategies, in their order; null for their own names.</param>
    /// <exception cref="ArgumentException">A strategy may change tokens. The strategies that were made are disposed, the target is not.</exception>
    public AutoStrategy(
        ModelRunner target, IReadOnlyList<Func<ModelRunner, ISharedCacheStrategy>> arms, AutoOptions? options = null, IReadOnlyList<string>? names = null)
    {
        ArgumentNullException.ThrowIfNull(target);
        ArgumentNullException.ThrowIfNull(arms);
        (_target, Options) = (target, options ?? new());
        (_arms, _uses) = (Make(target, arms), new ArmUse[arms.Count + 1]);
        for (int i = 0; i < _arms.Length; i++)
        {
            _slack = Math.Max(_slack, _arms[i].Slack);
            _uses[i] = new ArmUse(i > 0 && names is not null ? names[i - 1] : _arms[i].Name);
        }
        Chooser = NewChooser();
    }

    /// <inheritdoc/>
    public string Name => "auto";

    /// <inheritdoc/>
    public DecodingGuarantee Guarantee => DecodingGuarantee.Lossless;

    /// <summary>Decides, and says why.</summary>
    public ArmChooser Chooser { get; private set; }

    /// <summary>How it risks and probes.</summary>
    public AutoOptions Options { get; }

    /// <summary>The strategy, by its place in <see cref="Arms"/>, that guesses that texts repeat themselves: it is tried whenever they do. 0 for none.</summary>
    public int Copier { get; init; }

    /// <summary>Strategies that were asked for and cannot be used here, each with the reason; told in explanations.</summary>
    public IReadOnlyList<string> LeftOut { get; init; } = [];

    /// <summary>The strategies, plain decoding first.</summary>
    public IReadOnlyList<IDecodingStrategy> Arms => _arms;

    /// <summary>What each strategy did, in the order of <see cref="Arms"/>.</summary>
    public IReadOnlyList<ArmUse> Uses => _uses;

    /// <inheritdoc/>
    public bool TryAdmit(DecodingRequest request)
    {
        ArgumentNullException.ThrowIfNull(request);
        int needed = Admission.SlotsNeeded(request, _target.Model.ContextLength);
        int slack = Math.Clamp(_target.Pool.Store.Shape.Slots - needed, 0, _slack);
        if (Admission.TryReserve(_target, request, slack) is not { } kv) return false;
        request.State = new Entry(request, kv, new object?[_arms.Length], Copier > 0 ? new CopyWatch() : null);
        if (_admitted++ > 0) return true;
        Chooser.Begin();
        foreach (ArmUse use in _uses) use.Begin();
        return true;
    }

    /// <inheritdoc/>
    public StepStats Step(ReadOnlySpan<DecodingRequest> batch)
    {
        if (batch.IsEmpty) return default;
        if (!Gather(batch)) return StepPrompts(batch);

        if (Copier > 0) Chooser.Suggest(Copier, batch.Length, IsCopying(batch));
        int arm = Chooser.Choose(batch.Length, Context(batch));
        if (!TryAttach(arm, batch))
        {
            Chooser.Unavailable(arm, batch.Length);
            arm = 0;
            TryAttach(arm, batch);
        }
        try
        {
            if (arm > 0 && Chooser.BeginsProbe) (_arms[arm] as IPauses)?.Resume();
            double before = _uses[arm].Seconds;
            StepStats stats = Take(arm, batch);
            Chooser.Report(arm, batch.Length, _uses[arm].Seconds - before, stats.Emitted, stats.Drafted > 0, idle: stats is { Drafted: 0, DraftForwards: 0 }, stats.CaughtUp);
            return stats;
        }
        catch (Exception e) when (arm > 0 && e is not OutOfMemoryException)
        {
            GiveUp(arm, batch.Length, e);
            return AllRun(batch) ? StepUnjudged(batch) : default;
        }
    }

    /// <inheritdoc/>
    public void Release(DecodingRequest request)
    {
        ArgumentNullException.ThrowIfNull(request);
        if (request.State is not Entry entry) return;
        for (int arm = 0; arm < _arms.Length; arm++)
        {
            if (entry.States[arm] is null) continue;
            request.State = entry.States[arm];
            try
            {
                _arms[arm].Release(request);
            }
            catch (Exception e) when (_uses[arm].Failure is not null && e is not OutOfMemoryException)
            {
                _uses[arm].Failure = e; // it had failed before; what it holds beside the cache is lost with it
            }
        }
        _target.Pool.Return(entry.Kv);
        request.State = null;
        _admitted--;
    }

    /// <summary>Frees the strategies and the target.</summary>
    public void Dispose()
    {
        foreach (ISharedCacheStrategy arm in _arms) arm.Dispose();
        _target.Dispose();
    }

    /// <summary>One line for people: what is in use and why.</summary>
    public override string ToString() => Chooser.ToString();

    /// <inheritdoc/>
    public string Explain(RequestStatistics statistics)
    {
        var text = new StringBuilder(Chooser.ToString());
        foreach (ArmUse use in _uses.Where(use => use.TokensOfAccount > 0).OrderByDescending(use => use.TokensOfAccount))
            text.Append(CultureInfo.InvariantCulture, $"; {use.Name} for {use.TokensOfAccount} tokens");
        if (Chooser.PlainSeconds is > 0 and double plain)
        {
            text.Append(CultureInfo.InvariantCulture, $"; a plain step takes {plain * 1e3:F2} ms");
            text.Append(CultureInfo.InvariantCulture, $"; at worst {-Chooser.Ledger.LowestBalance / plain:F1} of {Chooser.Ledger.Allowance(plain) / plain:F1} steps behind");
        }
        foreach (ArmUse use in _uses)
            if (use.Failure is { } failure) text.Append(CultureInfo.InvariantCulture, $"; {use.Name} failed: {failure.Message}");
        if (LeftOut.Count > 0) text.Append("; left out: ").AppendJoin(", ", LeftOut);
        return text.ToString();
    }

    /// <inheritdoc/>
    public double? MeasuredPlainSeconds(int context) => Chooser.PlainSecondsAlone;

    private static ISharedCacheStrategy[] Make(ModelRunner target, IReadOnlyList<Func<ModelRunner, ISharedCacheStrategy>> arms)
    {
        var made = new List<ISharedCacheStrategy> { new AutoregressiveStrategy(target.Share()) };
        try
        {
            foreach (Func<ModelRunner, ISharedCacheStrategy> arm in arms)
            {
                made.Add(arm(target.Share()));
                if (made[^1].Guarantee != DecodingGuarantee.Lossless)
                    throw new ArgumentException($"'{made[^1].Name}' promises {made[^1].Guarantee}; an automatic choice takes lossless strategies only.", nameof(arms));
            }
            return [.. made];
        }
        catch
        {
            foreach (ISharedCacheStrategy strategy in made) strategy.Dispose();
            throw;
        }
    }

    /// <summary>Takes the batch in hand; false if a prompt has still to run.</summary>
    private bool Gather(ReadOnlySpan<DecodingRequest> batch)
    {
        if (_entries.Length < batch.Length) _entries = new Entry[2 * batch.Length];
        _count = batch.Length;
        bool decodes = true;
        for (int i = 0; i < batch.Length; i++)
        {
            _entries[i] = batch[i].State as Entry ?? throw new InvalidOperationException("The request was not admitted to this strategy. Call TryAdmit first.");
            decodes &= batch[i].Output.Length > 0;
        }
        return decodes;
    }

    /// <summary>A step in which prompts run. As long as nobody decodes, the drafts of what is in use may read along.</summary>
    private StepStats StepPrompts(ReadOnlySpan<DecodingRequest> batch)
    {
        foreach (DecodingRequest request in batch)
            if (request.Output.Length > 0) return StepUnjudged(batch);
        int arm = Chooser.ChooseForPrompt(batch.Length, Context(batch));
        if (arm == 0 || !TryAttach(arm, batch)) return StepUnjudged(batch);
        double before = _uses[arm].Seconds;
        try
        {
            StepStats stats = Take(arm, batch);
            Chooser.ReportPrompt(_uses[arm].Seconds - before, arm, batch.Length, stats.CaughtUp);
            return stats;
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            GiveUp(arm, batch.Length, e);
            return AllRun(batch) ? StepUnjudged(batch) : default;
        }
    }

    /// <summary>A plain step from which nothing is learned but that it took time.</summary>
    private StepStats StepUnjudged(ReadOnlySpan<DecodingRequest> batch)
    {
        double before = _uses[0].Seconds;
        TryAttach(0, batch);
        StepStats stats = Take(0, batch);
        Chooser.ReportPrompt(_uses[0].Seconds - before);
        return stats;
    }

    /// <summary>Has a strategy take up every request that it has not yet; false if it has no room for one.</summary>
    private bool TryAttach(int arm, ReadOnlySpan<DecodingRequest> batch)
    {
        for (int i = 0; i < batch.Length; i++)
        {
            if (_entries[i].States[arm] is not null) continue;
            bool attached = _arms[arm].TryAttach(batch[i], _entries[i].Kv);
            if (attached) _entries[i].States[arm] = batch[i].State;
            batch[i].State = _entries[i];
            if (!attached) return false;
        }
        return true;
    }

    /// <summary>Lets a strategy work until the target has spoken: some draft for several steps before that.</summary>
    private StepStats Take(int arm, ReadOnlySpan<DecodingRequest> batch)
    {
        long start = Options.Time.GetTimestamp();
        for (int i = 0; i < batch.Length; i++) batch[i].State = _entries[i].States[arm];
        StepStats stats = default;
        try
        {
            do stats += _arms[arm].Step(batch);
            while (stats.TargetForwards == 0 && AllRun(batch));
        }
        finally
        {
            for (int i = 0; i < batch.Length; i++) (_entries[i].States[arm], batch[i].State) = (batch[i].State, _entries[i]);
        }
        ArmUse use = _uses[arm];
        use.Add(stats.Emitted, Options.Time.GetElapsedTime(start).TotalSeconds);
        return stats;
    }

    /// <summary>A strategy threw: what it staged is dropped, and it is not asked again.</summary>
    private void GiveUp(int arm, int count, Exception e)
    {
        Chooser.Broken(arm);
        _uses[arm].Failure = e;
        for (int i = 0; i < count; i++)
            if (_entries[i].Kv.Staged > 0) _entries[i].Kv.Rollback();
        _target.Batch.Clear();
    }

    /// <summary>Whether texts repeat themselves, on average; once they do, until they clearly do no more.</summary>
    private bool IsCopying(ReadOnlySpan<DecodingRequest> batch)
    {
        double share = 0;
        for (int i = 0; i < batch.Length; i++)
        {
            CopyWatch copies = _entries[i].Copies!;
            copies.Follow(batch[i].Tokens);
            share += copies.Share;
        }
        return _copies = share > (_copies ? CopiesNoMore : Copies) * batch.Length;
    }

    /// <summary>Tokens that a strategy's drafts lag behind, of a request on average; as many as there are where the strategy was not asked yet, as far as nobody else read them.</summary>
    private int LagOf(int arm)
    {
        int lag = 0;
        for (int i = 0; i < _count; i++)
        {
            Entry entry = _entries[i];
            entry.Request.State = entry.States[arm];
            lag += _arms[arm].Lag(entry.Request);
            entry.Request.State = entry;
        }
        return (lag + _count - 1) / _count;
    }

    private static long Context(ReadOnlySpan<DecodingRequest> batch)
    {
        long tokens = 0;
        foreach (DecodingRequest request in batch) tokens += request.Tokens.Length;
        return tokens;
    }

    private static bool AllRun(ReadOnlySpan<DecodingRequest> batch)
    {
        foreach (DecodingRequest request in batch)
            if (request.IsFinished) return false;
        return true;
    }

    /// <summary>One request, its cache, what each strategy keeps for it, and whether its text repeats itself, where a strategy makes use of that.</summary>
    private sealed record Entry(DecodingRequest Request, KvSequence Kv, object?[] States, CopyWatch? Copies);
}
