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
    private const int ExactSizes = 16, Sizes = 64, FirstPlainWait = 16, LastPlainWait = 256, MostWarming = 48, LongestProbe = 8; // in probes of the usual length
    private const int MostRefused = 64; // steps for which the ledger cannot bear what is in use: others may be cheaper
    private const double Hopeless = 0.75; // of plain decoding
    private const double Spread = 0.5; // of what one step pays
    private const double Failing = 0.8; // of plain decoding, over a dozen steps: what is in use is left at once
    private const double Losing = 0.97; // of plain decoding, over some 64 steps, which say no more exactly
    private const int WorthwhileSteps = 4; // steps without luck that a probe must survive for which a draft has to catch up: one that is broken off tells nothing
    private const double MostRoom = 3; // plain steps that are asked for beyond the first of them
    private const int Doubt = 2; // steps that what was never tried counts for
    private const int Promising = 0, Unpromising = 1; // the order in which probes that are due are made
    private const double Primed = 1.15; // one request says little
    private const double FirstStall = 2; // times what a step may take at most: as long as little is known, what is beyond is the machine's
    private const int TokensPerLostStep = 1600, LeastLast = 256; // what probes of a strategy lose decides how rarely it is probed in the end: under a thousandth of the time each
    private const int UsualGrowth = 2, FarGrowth = 4, BehindGrowth = 8; // a wait over the one before: the usual, after a probe that was far behind, and while another pays

    private readonly AutoOptions _options;
    private readonly string[] _names;
    private readonly View?[] _views = new View?[Sizes];
    private readonly bool[] _broken;
    private View? _last; // of the batch size of the last choice
    private long _begun; // the count of tokens at which the account began
    private View? _lastPlain; // of the last step's, where that was a plain one

    /// <summary>Makes a chooser that knows nothing yet.</summary>
    /// <param name="names">Names of the strategies; the first is plain decoding.</param>
    /// <param name="options">Null for the defaults.</param>
    public ArmChooser(IReadOnlyList<string> names, AutoOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(names);
        if (names.Count == 0) throw new ArgumentException("An automatic choice needs plain decoding as its first strategy.", nameof(names));
        (_names, _options, _broken) = ([.. names], options ?? new(), new bool[names.Count]);
        Ledger = new RegretLedger(_options.MaxLoss, _options.AllowedSteps, carriedSteps: _options.CarriedSteps);
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

    private int UsualLast => Math.Min(_options.LastProbe, LeastLast);

    /// <summary>The strategy of the next step, 0 for plain.</summary>
    /// <param name="batch">Requests that decode, at least 1; none of them has a prompt to run.</param>
    public int Choose(int batch)
    {
        View view = _last = ViewOf(batch);
        view.PriceAt(Tokens - _begun);
        if (view.NeedsPrice) return 0;
        if (view.Probing > 0)
        {
            if (Allows(view, view.Probing, batch)) return view.Probing;
            view.Arms[view.Probing].BreakOffProbe(Tokens);
            PutOff(view, view.Probing);
            view.Probing = 0;
        }
        if (view.InUse > 0 && Tokens >= view.PlainAt) return 0;
        if (DueProbe(view, batch) is > 0 and int arm)
        {
            (view.Probing, view.WarmingLeft) = (arm, view.InUse > 0 ? MostWarming / 4 : MostWarming);
            view.Arms[arm].BeginProbe(Tokens);
            return arm;
        }
        if (view.InUse == 0) return 0;
        ArmRecord used = view.Arms[view.InUse];
        if (Allows(view, view.InUse, batch, used.Investment(Tokens) * view.PlainSeconds))
        {
            view.Refused = 0;
            return view.InUse;
        }
        used.BreakOff();
        used.ForgetLongest();
        if (++view.Refused > MostRefused) StopUsing(view, view.InUse);
        return 0;
    }

    /// <summary>Reports a step in which nothing but decoding ran.</summary>
    /// <param name="arm">The strategy that took it.</param>
    /// <param name="batch">Requests that decoded.</param>
    /// <param name="seconds">The time it took.</param>
    /// <param name="tokens">Tokens emitted over all requests.</param>
    /// <param name="drafted">Whether drafts were shown to the target; a strategy that is still catching up is not judged.</param>
    /// <param name="idle">Whether there was nothing to show and nothing to catch up with either: a step like a plain one.</param>
    public void Report(int arm, int batch, double seconds, int tokens, bool drafted = true, bool idle = false)
    {
        View view = ViewOf(batch);
        Tokens += Math.Max(1, tokens / batch);
        if (arm == 0)
        {
            Ledger.Book(0, view.Returned(seconds), view.PlainSeconds);
            bool counts = view.MeasurePlain(seconds, follows: _lastPlain == view, Tokens - _begun);
            view.PriceAt(Tokens - _begun);
            _lastPlain = view;
            Ledger.BookPlain(seconds);
            if (counts) (view.PlainAt, view.PlainWait) = (Tokens + view.PlainWait, view.InUse > 0 ? Math.Min(2 * view.PlainWait, LastPlainWait) : FirstPlainWait);
            return;
        }
        _lastPlain = null;
        Ledger.Book(0, view.Left(), view.PlainSeconds);
        double plain = tokens * view.PlainSeconds / batch;
        ArmRecord record = view.Arms[arm];
        double length = seconds / view.PlainSeconds;
        bool catchesUp = !drafted && !idle;
        if (_options.StepBound is null) seconds = Math.Min(record.WithoutStall(length, catchesUp) * view.PlainSeconds, FirstStall * Bound(view, arm, batch));
        Ledger.Book(plain, seconds, view.PlainSeconds);
        if (!idle) record.NoteLength(length, catchesUp, Tokens);
        if (view.Probing == arm) record.Lose((seconds - plain / Standard(view)) / view.PlainSeconds);
        bool warming = view.Probing == arm && catchesUp && view.WarmingLeft-- > 0;
        if (warming)
        {
            record.Invest((seconds - plain) / view.PlainSeconds);
            return;
        }
        record.Measure(plain, seconds, tokens, caughtUp: catchesUp && view.Probing != arm, view.Ease);
        view.MeasureEase(plain, seconds * record.Worth);
        if (catchesUp && view.Probing != arm) record.Invest((seconds - plain) / view.PlainSeconds);
        if (view.Probing == arm && IsDecided(view, record)) EndProbe(view, arm);
        else if (view.InUse == arm && view.Probing == 0 && ((record.Paid < Losing && record.PaidLately < 1) || record.PaidLately < Failing)) StopUsing(view, arm);
    }

    /// <summary>Reports time in which prompts ran, always by plain steps.</summary>
    public void ReportPrompt(double seconds)
    {
        _lastPlain = null;
        Ledger.BookPlain(seconds);
    }

    /// <summary>Says that requests come in after a time without any: the ledger begins an account.</summary>
    public void Begin()
    {
        Ledger.Begin();
        _begun = Tokens;
        foreach (View? view in _views) view?.PriceAnew();
    }

    /// <summary>Says what one request was worth to a strategy when nothing depended on it: the best of those that clearly paid is used first.</summary>
    /// <param name="arm">The strategy.</param>
    /// <param name="paid">Plain decoding's time over its time.</param>
    /// <param name="plainStep">A plain step, in seconds.</param>
    public void Prime(int arm, double paid, double plainStep)
    {
        View view = ViewOf(1);
        view.Arms[arm].Prime(paid, plainStep);
        if (paid > Primed && (view.InUse == 0 || paid > view.Arms[view.InUse].Paid)) view.InUse = arm;
    }

    /// <summary>Says that a strategy had no room for a request; it is probed again later.</summary>
    public void Unavailable(int arm, int batch)
    {
        View view = ViewOf(batch);
        view.Arms[arm].BackOff(Tokens, UsualLast);
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
    /// Of the strategies whose probe is due: the one that might pay most, as far as is known, while that might be more than what is in use
    /// pays; then the one that waits longest. What the one in use may need is left to it.
    /// </summary>
    private int DueProbe(View view, int batch)
    {
        int chosen = 0;
        (int Group, double Rank, double Bound) first = (Unpromising, double.PositiveInfinity, 0);
        double reserve = view.InUse == 0 ? 0 : Math.Max(0, Bound(view, view.InUse, batch) - view.PlainSeconds);
        for (int arm = 1; arm < _names.Length; arm++)
        {
            ArmRecord record = view.Arms[arm];
            if (arm == view.InUse || _broken[arm] || Tokens < record.ProbeAt) continue;
            double hope = (record.Known > 0 ? record.Worth * view.Ease : 1) + Spread / Math.Sqrt(Math.Max(record.Known, Doubt));
            (int, double, double) rank = hope > Standard(view) * (1 + _options.Lead) ? (Promising, -hope, Bound(view, arm, batch)) : (Unpromising, record.ProbeAt, 0);
            if (chosen == 0 || rank.CompareTo(first) < 0) (chosen, first) = (arm, rank);
        }
        if (chosen == 0) return 0;
        double investment = view.Arms[chosen].Investment(Tokens) * view.PlainSeconds;
        if (view.InUse == 0 && investment > 0) reserve = Math.Clamp((WorthwhileSteps - 1) * (Bound(view, chosen, batch) - view.PlainSeconds), 0, MostRoom * view.PlainSeconds);
        if (Allows(view, chosen, batch, reserve + investment)) return chosen;
        PutOff(view, chosen);
        return 0;
    }

    /// <summary>The ledger cannot bear a strategy yet.</summary>
    private void PutOff(View view, int arm)
    {
        view.Arms[arm].Postpone(Tokens, _options.FirstProbe);
        view.Arms[arm].ForgetLongest();
    }

    /// <summary>A probe says enough once it is clearly better or clearly worse: what steps emit varies by about half, so many steps say more.</summary>
    private bool IsDecided(View view, ArmRecord record)
    {
        double lead = record.Paid / Standard(view) - (1 + _options.Lead);
        return record.Probed >= LongestProbe * _options.ProbeSteps || Math.Abs(lead) > Spread / Math.Sqrt(record.Probed);
    }

    private double Standard(View view) => view.InUse > 0 ? view.Arms[view.InUse].Paid : 1;

    private void EndProbe(View view, int arm)
    {
        view.Probing = 0;
        if (view.Arms[arm].Paid < Standard(view) * (1 + _options.Lead))
        {
            bool far = view.Arms[arm].Paid < Hopeless;
            double fair = Math.Clamp(TokensPerLostStep * view.Arms[arm].ProbeLoss, UsualLast, _options.LastProbe);
            view.Arms[arm].BackOff(Tokens, (int)fair, view.InUse > 0 ? BehindGrowth : far ? FarGrowth : UsualGrowth);
            return;
        }
        if (view.InUse > 0) view.Arms[view.InUse].Postpone(Tokens, UsualLast);
        view.Arms[arm].Reward(Tokens, _options.FirstProbe);
        (view.InUse, view.PlainAt, view.PlainWait) = (arm, Tokens + FirstPlainWait, 2 * FirstPlainWait);
    }

    private void StopUsing(View view, int arm)
    {
        (view.InUse, view.Refused) = (0, 0);
        view.Arms[arm].BackOff(Tokens, UsualLast);
    }

    private bool Allows(View view, int arm, int batch, double reserve = 0) =>
        !_broken[arm] && Ledger.Allows(Bound(view, arm, batch), view.PlainSeconds, view.PlainSeconds, reserve); // every request gets a token at least

    private double Bound(View view, int arm, int batch)
    {
        if (_options.StepBound is { } bound) return bound(arm, batch);
        double longest = view.Arms[arm].LongestInPlainSteps(Tokens);
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

        private const int ReturnSteps = 8;
        private const double KeepEase = 63.0 / 64, LeastEase = 0.5;
        private const double LongestReturn = 1.5; // plain steps: what is longer was held up

        private readonly PlainPrice _price = new();
        private double _lost; // by plain steps after another strategy's
        private double _easePlain = 1, _easeExpected = 1; // plain steps
        private int _returning; // such steps that are still to come

        public ArmRecord[] Arms { get; }
        public int InUse { get; set; }
        public int Probing { get; set; }
        public int Refused { get; set; }
        public int WarmingLeft { get; set; }
        public long PlainAt { get; set; }
        public int PlainWait { get; set; } = FirstPlainWait;

        /// <summary>Whether plain decoding has to be measured before anything else is chosen.</summary>
        public bool NeedsPrice => _price.Steps < PlainPrice.FirstSteps;

        /// <summary>What a plain step takes now.</summary>
        public double PlainSeconds { get; private set; }

        /// <summary>Tokens were committed: prices are of the context that is.</summary>
        /// <param name="at">Tokens since the account began.</param>
        public void PriceAt(long at) => PlainSeconds = _price.At(at);

        /// <summary>How easy the text is: what strategies paid lately over what they pay as a rule.</summary>
        public double Ease => Math.Clamp(_easePlain / _easeExpected, LeastEase, 1 / LeastEase);

        public void MeasureEase(double plain, double expected) => (_easePlain, _easeExpected) = (KeepEase * _easePlain + plain / PlainSeconds, KeepEase * _easeExpected + expected / PlainSeconds);

        /// <summary>Another strategy takes a step.</summary>
        /// <returns>Seconds that plain steps after the last such step lost by it, as far as that was not told yet.</returns>
        public double Left()
        {
            double lost = Math.Max(0, _lost);
            (_returning, _lost) = (ReturnSteps, 0);
            return lost;
        }

        /// <summary>A plain step was taken. The first few after another strategy are slower, which is that strategy's doing.</summary>
        /// <param name="seconds">Its time.</param>
        /// <returns>Seconds that those steps lost, once they are over.</returns>
        public double Returned(double seconds)
        {
            if (_returning == 0) return 0;
            _lost += Math.Min(seconds, LongestReturn * PlainSeconds) - PlainSeconds;
            if (--_returning > 0) return 0;
            double lost = Math.Max(0, _lost);
            _lost = 0;
            return lost;
        }

        public bool MeasurePlain(double seconds, bool follows, long at) => _price.Add(seconds, follows, at);

        /// <summary>Requests come in with contexts of their own: tokens are not to be priced by those that were there before.</summary>
        public void PriceAnew()
        {
            (Probing, PlainAt, PlainWait, _returning, _lost) = (0, 0, FirstPlainWait, 0, 0);
            _price.Begin();
            foreach (ArmRecord arm in Arms) arm.BeginAccount();
        }
    }
}
