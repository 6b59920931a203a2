namespace Switchyard.Strategies.Auto;

/// <summary>
/// Chooses among strategies by measured time per committed token, with plain decoding, strategy 0, as what must not be lost
/// against: every other step has to be allowed by the <see cref="RegretLedger"/>.
/// </summary>
/// <remarks>
/// Everything is kept per number of requests that decode, so the choice follows the batch. Where plain decoding was not yet
/// measured it runs first. A strategy that does not pay is probed again after a pause that doubles, up to a limit; plain
/// decoding is measured anew now and then while another is in use. No clock, no chance: the same reports give the same choices.
/// </remarks>
public sealed class ArmChooser : IArmChooser
{
    private const int ExactSizes = 16, Sizes = 64, PlainSteps = 2, MostWarming = 48, LongestProbe = 6; // in probes of the usual length
    private const double Hopeless = 0.75, Behind = 0.92, Ahead = 1.25; // of what is in use: a probe that begins so ends at once; close ones go on
    private const double Failing = 0.85; // of plain decoding, over a dozen steps: what is in use is left at once
    private const int FarFactor = 4; // what is far behind, and what is behind while another pays, is probed more rarely
    private const double Hiccup = 4; // times the longest that a step may take: what is beyond, plain decoding would have met as well

    private readonly AutoOptions _options;
    private readonly string[] _names;
    private readonly View?[] _views = new View?[Sizes];
    private readonly bool[] _broken;
    private View? _last; // of the batch size of the last choice

    /// <summary>Makes a chooser that knows nothing yet.</summary>
    /// <param name="names">Names of the strategies; the first is plain decoding.</param>
    /// <param name="options">Null for the defaults.</param>
    public ArmChooser(IReadOnlyList<string> names, AutoOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(names);
        if (names.Count == 0) throw new ArgumentException("An automatic choice needs plain decoding as its first strategy.", nameof(names));
        (_names, _options, _broken) = ([.. names], options ?? new(), new bool[names.Count]);
        Ledger = new RegretLedger(_options.MaxLoss, _options.AllowedSteps);
    }

    /// <summary>Bounds the loss.</summary>
    public RegretLedger Ledger { get; }

    /// <summary>Tokens committed so far.</summary>
    public long Tokens { get; private set; }

    /// <summary>Seconds of a plain step at the batch size of the last choice; 0 before the first.</summary>
    public double PlainSeconds => _last?.PlainSeconds ?? 0;

    /// <summary>Seconds of a plain step of one request alone; null where that was not measured.</summary>
    public double? PlainSecondsAlone => _views[0] is { PlainSeconds: > 0 and double seconds } ? seconds : null;

    /// <summary>The strategy in use at the batch size of the last choice.</summary>
    public int InUse => _last?.InUse ?? 0;

    /// <summary>The strategy of the next step, 0 for plain.</summary>
    /// <param name="batch">Requests that decode, at least 1; none of them has a prompt to run.</param>
    public int Choose(int batch)
    {
        View view = _last = ViewOf(batch);
        if (view.NeedsPrice) return 0;
        if (view.Probing > 0)
        {
            if (Allows(view, view.Probing, batch)) return view.Probing;
            PutOff(view, view.Probing);
            view.Probing = 0;
        }
        if (view.InUse > 0 && Tokens >= view.PlainAt) return 0;
        if (DueProbe(view, batch) is > 0 and int arm)
        {
            (view.Probing, view.Probed, view.WarmingLeft) = (arm, 0, view.InUse > 0 ? MostWarming / 4 : MostWarming);
            view.Arms[arm].BeginProbe();
            return arm;
        }
        if (view.InUse == 0 || Allows(view, view.InUse, batch)) return view.InUse;
        view.Arms[view.InUse].ForgetLongest();
        return 0;
    }

    /// <summary>Reports a step in which nothing but decoding ran.</summary>
    /// <param name="arm">The strategy that took it.</param>
    /// <param name="batch">Requests that decoded.</param>
    /// <param name="seconds">The time it took.</param>
    /// <param name="tokens">Tokens emitted over all requests.</param>
    /// <param name="drafted">Whether drafts were shown to the target; a strategy that is still catching up is not judged.</param>
    public void Report(int arm, int batch, double seconds, int tokens, bool drafted = true)
    {
        View view = ViewOf(batch);
        Tokens += Math.Max(1, tokens / batch);
        if (arm == 0)
        {
            view.MeasurePlain(seconds);
            Ledger.BookPlain(seconds);
            if (view.InUse > 0) view.PlainAt = Tokens + _options.LastProbe;
            return;
        }
        double plain = tokens * view.PlainSeconds / batch;
        seconds = Math.Min(seconds, Hiccup * Bound(view, arm, batch));
        Ledger.Book(plain, seconds, view.PlainSeconds);
        ArmRecord record = view.Arms[arm];
        record.NoteLength(seconds / view.PlainSeconds);
        bool warming = view.Probing == arm && !drafted && view.WarmingLeft-- > 0;
        if (warming) return;
        record.Measure(plain, seconds, tokens);
        if (view.Probing == arm && IsDecided(view, record)) EndProbe(view, arm);
        else if (view.InUse == arm && view.Probing == 0 && (record.Paid < 1 || record.PaidLately < Failing)) StopUsing(view, arm);
    }

    /// <summary>Reports time in which prompts ran, always by plain steps.</summary>
    public void ReportPrompt(double seconds) => Ledger.BookPlain(seconds);

    /// <summary>Says that requests come in after a time without any: the ledger begins an account.</summary>
    public void Begin()
    {
        Ledger.Begin();
        foreach (View? view in _views) view?.PriceAnew();
    }

    /// <summary>Says how long a strategy's steps were when nothing depended on them, in plain steps.</summary>
    public void NoteLength(int arm, int batch, double inPlainSteps)
    {
        if (inPlainSteps > 0 && arm > 0) ViewOf(batch).Arms[arm].NoteLength(inPlainSteps);
    }

    /// <summary>Says that a strategy had no room for a request; it is probed again later.</summary>
    public void Unavailable(int arm, int batch)
    {
        View view = ViewOf(batch);
        view.Arms[arm].BackOff(Tokens, _options.LastProbe);
        if (view.Probing == arm) view.Probing = 0;
        if (view.InUse == arm) view.InUse = 0;
    }

    /// <summary>Says that a strategy failed; it is not chosen again.</summary>
    public void Broken(int arm)
    {
        _broken[arm] = true;
        foreach (View? view in _views)
        {
            if (view is null) continue;
            if (view.Probing == arm) view.Probing = 0;
            if (view.InUse == arm) view.InUse = 0;
        }
    }

    /// <summary>How often plain time a strategy's steps were worth lately, at the batch size of the last choice; 1 before the first.</summary>
    public double Paid(int arm) => _last is null || arm == 0 ? 1 : _last.Arms[arm].Paid;

    /// <summary>One line for people: what is in use and why.</summary>
    public override string ToString()
    {
        if (_last is not { } view || _names.Length == 1) return $"auto: {_names[0]}";
        if (view.InUse > 0)
        {
            ArmRecord used = view.Arms[view.InUse];
            return FormattableString.Invariant($"auto: {_names[view.InUse]} (paid {used.Paid:F2}× over {used.Tokens} tokens)");
        }
        int best = 0;
        for (int arm = 1; arm < _names.Length; arm++)
            if (view.Arms[arm].Steps > 0 && (best == 0 || view.Arms[arm].Paid > view.Arms[best].Paid)) best = arm;
        if (best == 0) return $"auto: {_names[0]} (nothing else was tried yet)";
        ArmRecord record = view.Arms[best];
        long next = Math.Max(0, record.ProbeAt - Tokens);
        return FormattableString.Invariant($"auto: {_names[0]} ({_names[best]} paid {record.Paid:F2}× over {record.Tokens} tokens; next probe in {next} tokens)");
    }

    /// <summary>
    /// Of the strategies whose probe is due and allowed: the one that can lose least of those never tried, then the one that
    /// waits longest. What the one in use may need is left to it.
    /// </summary>
    private int DueProbe(View view, int batch)
    {
        int chosen = 0;
        (bool Known, double Rank) first = (true, double.PositiveInfinity);
        double reserve = view.InUse == 0 ? 0 : Math.Max(0, Bound(view, view.InUse, batch) - view.PlainSeconds);
        for (int arm = 1; arm < _names.Length; arm++)
        {
            ArmRecord record = view.Arms[arm];
            if (arm == view.InUse || _broken[arm] || Tokens < record.ProbeAt) continue;
            if (!Allows(view, arm, batch, reserve))
            {
                PutOff(view, arm);
                continue;
            }
            bool known = record.Steps > 0;
            double rank = known ? record.ProbeAt : Bound(view, arm, batch);
            if (chosen == 0 || (known, rank).CompareTo(first) < 0) (chosen, first) = (arm, (known, rank));
        }
        return chosen;
    }

    /// <summary>The ledger cannot bear a strategy yet.</summary>
    private void PutOff(View view, int arm)
    {
        view.Arms[arm].Postpone(Tokens, _options.FirstProbe);
        view.Arms[arm].ForgetLongest();
    }

    /// <summary>A probe says enough: at once where it is hopeless, later where it is close.</summary>
    private bool IsDecided(View view, ArmRecord record)
    {
        double share = record.Paid / Standard(view);
        if (share < Hopeless) return true;
        if (++view.Probed < _options.ProbeSteps) return false;
        return share is < Behind or > Ahead || view.Probed >= LongestProbe * _options.ProbeSteps;
    }

    private double Standard(View view) => view.InUse > 0 ? view.Arms[view.InUse].Paid : 1;

    private void EndProbe(View view, int arm)
    {
        view.Probing = 0;
        if (view.Arms[arm].Paid < Standard(view) * (1 + _options.Lead))
        {
            bool far = view.InUse > 0 || view.Arms[arm].Paid < Hopeless;
            view.Arms[arm].BackOff(Tokens, far ? FarFactor * _options.LastProbe : _options.LastProbe, view.InUse > 0 ? 8 : 2);
            return;
        }
        if (view.InUse > 0) view.Arms[view.InUse].Postpone(Tokens, _options.LastProbe / 4);
        view.Arms[arm].Reward(Tokens, _options.FirstProbe);
        (view.InUse, view.PlainAt) = (arm, Tokens + _options.LastProbe);
    }

    private void StopUsing(View view, int arm)
    {
        view.InUse = 0;
        view.Arms[arm].BackOff(Tokens, _options.LastProbe);
    }

    private bool Allows(View view, int arm, int batch, double reserve = 0) =>
        !_broken[arm] && Ledger.Allows(Bound(view, arm, batch), view.PlainSeconds, view.PlainSeconds, reserve); // every request gets a token at least

    private double Bound(View view, int arm, int batch)
    {
        if (_options.StepBound is { } bound) return bound(arm, batch);
        double longest = view.Arms[arm].LongestInPlainSteps;
        return (double.IsNaN(longest) ? _options.FirstBound : longest) * view.PlainSeconds;
    }

    private View ViewOf(int batch)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(batch);
        int size = batch <= ExactSizes ? batch - 1 : Math.Min(Sizes - 1, ExactSizes + (batch - ExactSizes - 1) / 4);
        return _views[size] ??= new View(_names.Length, _options);
    }

    /// <summary>What is known at one batch size.</summary>
    private sealed class View
    {
        public View(int arms, AutoOptions options)
        {
            Arms = new ArmRecord[arms];
            for (int arm = 0; arm < arms; arm++) Arms[arm] = new ArmRecord(options.FirstProbe);
        }

        private double _first; // of the plain steps that an account begins with
        private int _anew;

        public ArmRecord[] Arms { get; }
        public int InUse { get; set; }
        public int Probing { get; set; }
        public int Probed { get; set; }
        public int WarmingLeft { get; set; }
        public long PlainAt { get; set; }
        public int PlainCount { get; private set; }

        /// <summary>Whether plain decoding has to be measured before anything else is chosen.</summary>
        public bool NeedsPrice => PlainCount < PlainSteps || _anew > 0;

        public double PlainSeconds { get; private set; }

        /// <summary>
        /// The first steps may carry compilation and cold memory, so the shortest of them counts; where an account begins, the middle
        /// one of what was known and two steps; in between a moving average without outliers.
        /// </summary>
        public void MeasurePlain(double seconds)
        {
            PlainCount++;
            if (_anew == PlainSteps) _first = seconds;
            else if (_anew > 0) PlainSeconds = Math.Clamp(PlainSeconds, Math.Min(_first, seconds), Math.Max(_first, seconds));
            else if (PlainCount == 1) PlainSeconds = seconds;
            else if (PlainCount <= PlainSteps + 1) PlainSeconds = Math.Min(PlainSeconds, seconds);
            else PlainSeconds += (Math.Min(seconds, 2 * PlainSeconds) - PlainSeconds) * 0.1;
            if (_anew > 0) _anew--;
        }

        /// <summary>Requests come in with contexts of their own: tokens are not to be priced by those that were there before.</summary>
        public void PriceAnew() => (_anew, Probing) = (PlainCount > 0 ? PlainSteps : 0, 0);
    }
}
