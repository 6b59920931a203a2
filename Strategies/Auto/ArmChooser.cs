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
public sealed partial class ArmChooser : IArmChooser
{
    private const int ExactSizes = 16, Sizes = 64, LastPlainWait = 256, MostWarming = 48, LongestProbe = 8; // in probes of the usual length
    private const int MostRefused = 64; // steps for which the ledger cannot bear what is in use: others may be cheaper
    private const double Refuting = 0.97, Failing = 0.8; // of plain decoding, by all that is known, and over a dozen steps: what is in use is left
    private const int FirstUnlikely = 64; // usual first waits until what did not pay in a rehearsal is probed
    private const int UsualAccounts = 8; // that the usual length of an account rests on
    private const double FirstStall = 2; // times what a step may take at most: as long as little is known, what is beyond is the machine's
    private const int TokensPerLostStep = 450, LeastLast = 256, HopefulLast = 2048; // and strategy: what probes of one lose decides how rarely it is probed in the end, about a four hundredth of the time for all together

    private readonly AutoOptions _options;
    private readonly string[] _names;
    private readonly BatchView?[] _views = new BatchView?[Sizes];
    private readonly bool[] _broken;
    private BatchView? _last; // of the batch size of the last choice
    private long _begun; // the count of tokens at which the account began
    private double _usual; // tokens of an account
    private double _context; // of the last choice, a request
    private (BatchView? View, int Arm) _upToDate; // whose drafts lag behind as they did when that was asked: they were shown in the last step
    private BatchView? _lastPlain; // of the last step's, where that was a plain one

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

    /// <summary>Says how many tokens a strategy's drafts lag behind, of a request on average; null where nobody can.</summary>
    internal Func<int, int>? LagOf { get; set; }

    /// <summary>Whether the last choice begins a probe.</summary>
    public bool BeginsProbe { get; private set; }

    /// <summary>The strategy in use at the batch size of the last choice.</summary>
    public int InUse => _last?.InUse ?? 0;

    private int UsualLast => Math.Min(_options.LastProbe, LeastLast);

    /// <summary>The strategy of the next step, 0 for plain.</summary>
    /// <param name="batch">Requests that decode, at least 1; none of them has a prompt to run.</param>
    /// <param name="context">Tokens before the step, of all requests together.</param>
    public int Choose(int batch, long context)
    {
        BatchView view = _last = ViewOf(batch);
        _context = (double)context / batch;
        BeginsProbe = false;
        view.PriceAt(Accounted, _context);
        if (view.NeedsPrice) return 0;
        if (Accounted <= 2 * PlainPrice.FirstSteps) Reinstate(view);
        if (view.InUse == 0 && view.Probing == 0 && Accounted <= 2 * PlainPrice.FirstSteps) TakeUpKnown(view, batch);
        if (view.Probing > 0)
        {
            AskLag(view, view.Probing);
            if (Allows(view, view.Probing, batch)) return view.Probing;
            view.Arms[view.Probing].BreakOffProbe(Tokens, _context);
            PutOff(view, view.Probing);
            view.Probing = 0;
        }
        if (view.InUse > 0 && (Tokens >= view.PlainAt || view.RowLeft > 0)) return 0;
        if (Tokens >= view.ProbesAt && DueProbe(view, batch) is > 0 and int arm)
        {
            BeginsProbe = true;
            view.IsSuggested = view.Arms[arm].IsSuggested;
            (view.Probing, view.WarmingLeft) = (arm, view.InUse > 0 ? MostWarming / 4 : MostWarming);
            view.Arms[arm].BeginProbe(Tokens);
            view.Arms[arm].Settling = _options.SettlingSteps;
            return arm;
        }
        if (view.InUse == 0) return 0;
        ArmRecord used = view.Arms[view.InUse];
        if (_upToDate != (view, view.InUse)) AskLag(view, view.InUse);
        double investment = used.Investment(Tokens, _context);
        if (!used.IsReading && !PaysBack(investment, used.Expected.Mean))
        {
            if (TakeUpKnown(view, batch)) return view.InUse;
            if (IsEarly) StopUsing(view, view.InUse); // not worth its reading: others may be
            return 0;
        }
        if (Allows(view, view.InUse, batch, investment > 0 ? Reserve(view, view.InUse, batch, investment) : 0))
        {
            view.Refused = 0;
            return view.InUse;
        }
        if (investment > 0 && !used.IsReading && TakeUpKnown(view, batch)) return view.InUse;
        used.BreakOff(Tokens, _context);
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
    /// <param name="read">Tokens over all requests that its drafts read because they lagged behind; null where that is not known: then whatever was not drafted was that.</param>
    public void Report(int arm, int batch, double seconds, int tokens, bool drafted = true, bool idle = false, int? read = null)
    {
        BatchView view = ViewOf(batch);
        _upToDate = drafted && read == 0 ? (view, arm) : default;
        Tokens += Math.Max(1, tokens / batch);
        if (arm == 0)
        {
            Ledger.Book(0, view.Returned(seconds), view.PlainSeconds);
            bool counts = view.MeasurePlain(seconds, follows: _lastPlain == view, Accounted, _context);
            view.PriceAt(Accounted, _context);
            _lastPlain = view;
            Ledger.BookPlain(seconds);
            if (view.RowLeft > 0) view.RowLeft--;
            else if (counts && view.InUse > 0 && Tokens >= view.RowAt) (view.RowLeft, view.RowAt) = (PlainLevel.Row - 2, Tokens + BatchView.RowWait);
            if (counts) (view.PlainAt, view.PlainWait) = (Tokens + view.PlainWait, view.InUse > 0 ? Math.Min(2 * view.PlainWait, LastPlainWait) : BatchView.FirstPlainWait);
            return;
        }
        _lastPlain = null;
        Ledger.Book(0, view.Left(), view.PlainSeconds);
        double plain = tokens * view.PlainSeconds / batch, fair = tokens * view.FairSeconds / batch;
        view.Level.Other();
        ArmRecord record = view.Arms[arm];
        double length = seconds / view.PlainSeconds;
        bool catchesUp = !drafted && !idle && read != 0;
        bool readsFirst = drafted && (read is { } known ? known > 0 : record.Reads(Tokens)); // some catch up and draft in one step
        if (read > 0) record.Read((double)read.Value / batch);
        if (_options.StepBound is null)
        {
            if (!readsFirst) seconds = Math.Min(seconds, record.WithoutStall(length, catchesUp) * view.PlainSeconds);
            seconds = Math.Min(seconds, FirstStall * Bound(view, arm, batch) + record.MostReading(Tokens, _context) * view.PlainSeconds);
        }
        Ledger.Book(plain, seconds, view.PlainSeconds);
        double judged = !readsFirst && record.IsStall(length, catchesUp) ? Math.Min(seconds, record.Longest(catchesUp) * view.PlainSeconds) : seconds;
        if (readsFirst)
        {
            double withoutReading = record.ReadFirst(seconds / view.PlainSeconds);
            if (view.Probing == arm) judged = withoutReading * view.PlainSeconds; // reading is a price of every text, not of steps
        }
        else if (!idle) record.NoteLength(length, catchesUp);
        if (drafted) record.IsReady(Tokens, _context);
        if (view.Probing == arm && !catchesUp) record.Lose((judged - fair / Standard(view)) / view.PlainSeconds);
        bool warming = view.Probing == arm && catchesUp && view.WarmingLeft-- > 0;
        if (warming)
        {
            record.Invest((seconds - plain) / view.PlainSeconds);
            return;
        }
        if (drafted && record.Settling > 0)
        {
            record.Settling--; // booked, but no measure of what use would pay
            return;
        }
        if (catchesUp && view.Probing != arm)
        {
            record.Invest((seconds - plain) / view.PlainSeconds); // a price of every text, not of steps
            return;
        }
        if (!(view.FairSeconds > 0)) return; // nothing to judge it by
        double steps = judged / view.FairSeconds;
        record.Measure(idle ? steps : (double)tokens / batch, steps, tokens, idle);
        if (view.Probing == arm && IsDecided(view, arm)) EndProbe(view, arm);
        else if (view.InUse == arm && view.Probing == 0 && ((record.Expected.Mean < Refuting && record.PaidLately < 1) || record.PaidLately < Failing))
        {
            record.Refute();
            StopUsing(view, arm);
            view.Refuted = arm;
        }
    }

    /// <summary>The strategy that a step of prompts is left to, 0 for plain: what is in use, if its drafts' reading along may be risked, at what reading later is known to lose.</summary>
    /// <param name="batch">Requests, none of which decodes yet.</param>
    /// <param name="context">Tokens of all of them together.</param>
    internal int ChooseForPrompt(int batch, long context)
    {
        BatchView view = ViewOf(batch);
        Reinstate(view);
        int arm = view.InUse;
        if (arm == 0 || !view.Level.IsKnown) return 0;
        _context = (double)context / batch;
        AskLag(view, arm);
        double investment = view.Arms[arm].Investment(Tokens, _context), price = view.Level.At(_context);
        if (investment <= 0 || !PaysBack(investment, view.Arms[arm].Expected.Mean)) return 0;
        return Ledger.Allows(investment * price, 0, price, MostRoom * price) ? arm : 0;
    }

    /// <summary>Reports time in which prompts ran.</summary>
    /// <param name="seconds">The time.</param>
    /// <param name="arm">The strategy that took the step.</param>
    /// <param name="batch">Requests.</param>
    /// <param name="read">Tokens over all requests that its drafts read along.</param>
    public void ReportPrompt(double seconds, int arm = 0, int batch = 1, int read = 0)
    {
        (_lastPlain, _upToDate) = (null, default);
        double reading = 0;
        if (read > 0)
        {
            BatchView own = ViewOf(batch);
            double price = own.Level.At(_context);
            reading = Math.Min(seconds, own.Arms[arm].Reading((double)read / batch) * price);
            Ledger.Book(0, reading, price);
        }
        foreach (BatchView? view in _views) view?.Level.Prompt();
        Ledger.BookPlain(seconds - reading);
    }

    /// <summary>Says that requests come in after a time without any: the ledger begins an account.</summary>
    public void Begin()
    {
        Ledger.Begin();
        _upToDate = default;
        if (Tokens > _begun) _usual = _usual == 0 ? Tokens - _begun : _usual + (Tokens - _begun - _usual) / UsualAccounts;
        _begun = Tokens;
        foreach (BatchView? view in _views) view?.PriceAnew(Tokens);
    }

    /// <summary>Says what a strategy was worth when nothing depended on it: the best of those that clearly paid is used first.</summary>
    /// <param name="arm">The strategy.</param>
    /// <param name="paid">Plain decoding's time over its time.</param>
    /// <param name="steps">Steps that this rests on.</param>
    public void Prime(int arm, double paid, int steps = 1)
    {
        BatchView view = ViewOf(1);
        view.Arms[arm].Prime(paid, steps);
        (double mean, double doubt) = view.Arms[arm].Expected;
        if (mean + doubt < 1) view.Arms[arm].Postpone(Tokens, FirstUnlikely * _options.FirstProbe);
        if (mean - LikelyBetter * doubt > 1 && (view.InUse == 0 || mean > view.Arms[view.InUse].Expected.Mean)) view.InUse = arm;
    }

    /// <summary>Says what its drafts' catching up cost a strategy when nothing depended on it.</summary>
    /// <param name="arm">The strategy.</param>
    /// <param name="tokens">Read.</param>
    /// <param name="lostSteps">Plain steps that this lost.</param>
    internal void PrimeReading(int arm, double tokens, double lostSteps) => ViewOf(1).Arms[arm].PrimeReading(tokens, lostSteps);

    /// <summary>Says how long a step was when nothing depended on it.</summary>
    /// <param name="arm">The strategy.</param>
    /// <param name="inPlainSteps">Its length.</param>
    /// <param name="caughtUp">Whether drafts had to catch up in it.</param>
    internal void PrimeLength(int arm, double inPlainSteps, bool caughtUp) => ViewOf(1).Arms[arm].NoteLength(inPlainSteps, caughtUp);

    /// <summary>Says before a choice whether the text looks as if a strategy paid just now: it is probed whatever it paid before, and left again for what it displaced once the text looks otherwise.</summary>
    /// <param name="arm">The strategy.</param>
    /// <param name="batch">Requests that decode.</param>
    /// <param name="pays">Whether it looks like that.</param>
    public void Suggest(int arm, int batch, bool pays)
    {
        BatchView view = ViewOf(batch);
        if (pays)
        {
            if (view.InUse == arm || view.Probing == arm) return;
            view.Arms[arm].Suggest(Tokens);
            if (view.Arms[arm].IsSuggested) view.ProbesAt = Tokens;
            return;
        }
        view.Arms[arm].Withdraw();
        if (view.InUse != arm || view.Displaced is not { } before) return;
        view.Arms[arm].Postpone(Tokens, UsualLast);
        view.InUse = _broken[before] ? 0 : before;
    }

    /// <summary>Says that a strategy had no room for a request; it is probed again later.</summary>
    public void Unavailable(int arm, int batch)
    {
        BatchView view = ViewOf(batch);
        view.Arms[arm].BackOff(Tokens, UsualLast);
        if (view.Probing == arm) view.Probing = 0;
        if (view.InUse == arm) view.InUse = 0;
    }

    /// <summary>Says that a strategy failed; it is not chosen again.</summary>
    public void Broken(int arm)
    {
        _broken[arm] = true;
        foreach (BatchView? view in _views)
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

    private void AskLag(BatchView view, int arm)
    {
        if (LagOf is { } lag) view.Arms[arm].Lag = lag(arm);
    }

    private void StopUsing(BatchView view, int arm)
    {
        (view.InUse, view.Refused) = (0, 0);
        view.Arms[arm].BackOff(Tokens, UsualLast);
    }

    private long Accounted => Tokens - _begun;

    private bool Allows(BatchView view, int arm, int batch, double reserve = 0) =>
        !_broken[arm] && Ledger.Allows(Bound(view, arm, batch), view.PlainSeconds, view.PlainSeconds, reserve); // every request gets a token at least

    private double Bound(BatchView view, int arm, int batch)
    {
        if (_options.StepBound is { } bound) return bound(arm, batch);
        double longest = view.Arms[arm].LongestInPlainSteps(Tokens);
        return (double.IsNaN(longest) ? _options.FirstBound : longest) * view.PlainSeconds;
    }

    private BatchView ViewOf(int batch)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(batch);
        int size = batch <= ExactSizes ? batch - 1 : Math.Min(Sizes - 1, ExactSizes + (batch - ExactSizes - 1) / 4);
        return _views[size] ??= new BatchView(_names.Length, _options);
    }
}
