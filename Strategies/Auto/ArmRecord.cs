namespace Switchyard.Strategies.Auto;

/// <summary>What one strategy showed at one batch size.</summary>
internal sealed class ArmRecord(int firstProbe)
{
    private const double Keep = 63.0 / 64, KeepLately = 11.0 / 12, KeepReadingCost = 0.9995;
    private const int StaleAfter = 32, ResumableFor = 256; // tokens
    private const double KeepReading = 0.75, MuchReading = 128, SlowReading = 3; // a time that drafts caught up with as many tokens or more; times what was usual
    private const double UnknownReading = 0.05; // plain steps that a token may cost as long as nothing is known
    private const int LateSteps = 8;
    private const double KeepWorth = 1023.0 / 1024;
    private const double StepSpread = 0.5, MachineSpread = 0.1, TextSpread = 0.085; // of what one step pays, of what the machine adds for a while, and of what it pays on a text over what is usual, as long as that is not known
    private const double LeastSpread = 0.05, MostSpread = 0.25, LearnSpread = 0.125, SpreadSteps = 8; // of texts; of these the last shows half of what many would
    private const int FirstSuggestWait = 32, LastSuggestWait = 1024; // tokens
    private const int MostRehearsed = 128; // steps that a rehearsal counts for: its texts are the model's own, and alike
    private const int FewSteps = 2; // that what is not known counts for

    private readonly StepLength _ready = new(), _catchingUp = new();
    private double _given, _taken, _lateGiven, _lateTaken; // tokens of a request, and plain steps' time that steps took
    private double _lateUsual, _usual, _usualSteps; // what steps take as a rule: of the late ones together, and of all
    private double _worthGiven, _worthTaken, _known; // the last: steps that the others rest on
    private int _late; // steps that what it paid lately rests on
    private double _weight; // steps that what it paid since rests on
    private (double Worth, double Steps) _before; // what it paid as a rule when its last probe or the account began
    private double _spread = TextSpread * TextSpread; // squared: how much what it pays differs from text to text
    private long _suggestAt; // the count of tokens from which it may be suggested again
    private int _suggestWait = FirstSuggestWait;
    private double _read, _readingLoss; // tokens that its drafts caught up with, and the plain steps which that lost
    private double _invested, _reading; // plain steps that catching up lost since its drafts were last of use, and tokens read for them
    private long _resumable = long.MinValue / 2; // the count of tokens up to which a probe that was broken off goes on
    private long _readyAt = long.MinValue / 2; // the count of tokens when its drafts were last shown to the target

    /// <summary>Plain time over time spent since its last probe or the account began, recent steps first; <see cref="Worth"/> before the first of them.</summary>
    public double Paid => _taken > 0 ? _given / _taken : Worth;

    /// <summary>
    /// Likewise, of about the last dozen steps with drafts; 1 before there were as many as say something. They count as long as steps are as a rule where
    /// they took longer: a moment in which the machine was slow is no reason to leave it.
    /// </summary>
    public double PaidLately => _late >= LateSteps ? _lateGiven / Math.Min(_lateTaken, _lateUsual) : 1;

    /// <summary>What it pays as a rule, by all steps, older ones too.</summary>
    public double Worth => _worthTaken > 0 ? _worthGiven / _worthTaken : 1;

    /// <summary>Tokens it emitted.</summary>
    public long Tokens { get; private set; }

    /// <summary>Steps measured.</summary>
    public int Steps { get; private set; }

    /// <summary>Steps measured since its last probe began.</summary>
    public int Probed { get; private set; }

    /// <summary>
    /// What it is likely to pay on this text, and how far that may be off: what it paid as a rule before, which this text need not keep to, and what
    /// it paid since, weighed by how much they vary.
    /// </summary>
    public (double Mean, double Doubt) Expected
    {
        get
        {
            (double worth, double steps) = _before.Steps > 0 || IsRefuted ? _before : (Worth, _known);
            double doubt = Math.Clamp(_spread, LeastSpread * LeastSpread, MostSpread * MostSpread) + StepSpread * StepSpread / Math.Max(steps, FewSteps), seen = _weight / (StepSpread * StepSpread), precision = 1 / doubt + seen;
            return ((worth / doubt + Paid * seen) / precision, 1 / Math.Sqrt(precision));
        }
    }

    /// <summary>Steps with drafts that do not count: the first of a probe are slower, which is a price of changing, not of use.</summary>
    public int Settling { get; set; }

    /// <summary>Plain steps that its last probe lost against what was in use, without catching up: by the next time others may have done that.</summary>
    public double ProbeLoss { get; private set; }

    /// <summary>A step of a probe lost some plain steps, or won them.</summary>
    public void Lose(double steps) => ProbeLoss += steps;

    /// <summary>Tokens between probes, as it stands.</summary>
    public int Interval { get; private set; } = firstProbe;

    /// <summary>The count of tokens at which it is probed next.</summary>
    public long ProbeAt { get; private set; }

    /// <summary>The longest that its next step may take, in plain steps, as seen lately and with a margin; NaN before the first.</summary>
    /// <param name="now">Tokens committed so far; drafts that were not used for a while have to catch up first.</param>
    public double LongestInPlainSteps(long now) => Reads(now) && !double.IsNaN(_catchingUp.Longest) ? Math.Max(_catchingUp.Longest, _ready.Longest) : _ready.Longest;

    /// <summary>Plain steps that its drafts' catching up is still expected to lose before they are of use, by what reading a token lost so far.</summary>
    /// <param name="now">Tokens committed so far.</param>
    /// <param name="context">Tokens before the next step, of one request.</param>
    public double Investment(long now, double context) => Reads(now) ? Math.Max(0, ReadingCost * Behind(now, context) - Begun) : 0;

    /// <summary>Plain steps that reading a whole text loses.</summary>
    /// <param name="context">Its tokens.</param>
    public double Reading(double context) => ReadingCost * context;

    /// <summary>Tokens that its drafts lag behind, of one request; null where nobody says, and all tokens since they were last of use are thought to be missing.</summary>
    public int? Lag { get; set; }

    /// <summary>Whether its drafts have a text to catch up with.</summary>
    public bool Reads(long now) => (Lag ?? now - _readyAt) > StaleAfter;

    /// <summary>Plain steps that catching up may still lose at most; more is the machine's doing.</summary>
    /// <param name="now">Tokens committed so far.</param>
    /// <param name="context">Tokens before the next step, of one request.</param>
    public double MostReading(long now, double context) =>
        !Reads(now) ? 0 : Math.Max(0, (_read > 0 ? SlowReading * ReadingCost : UnknownReading) * Behind(now, context) - Begun);

    private double ReadingCost => _read > 0 ? _readingLoss / _read : 0;

    private double Begun => Lag is null ? _invested : 0; // who says what is missing counts what was read no more

    private double Behind(long now, double context) => Lag ?? Math.Min(now - _readyAt, context);

    /// <summary>Whether its drafts have begun to catch up and are not of use yet.</summary>
    public bool IsReading => _invested > 0;

    /// <summary>Its drafts caught up in a step, which lost some plain steps.</summary>
    public void Invest(double steps) => _invested += steps;

    /// <summary>Its drafts read some of what they lagged behind.</summary>
    /// <param name="tokens">Of one request.</param>
    public void Read(double tokens) => _reading += tokens;

    /// <summary>Its drafts caught up in a step that drafted as well: what it took beyond the longest of its kind was that.</summary>
    /// <returns>The length without that.</returns>
    public double ReadFirst(double inPlainSteps)
    {
        if (inPlainSteps > _ready.Longest)
        {
            Invest(inPlainSteps - _ready.Longest);
            return _ready.Longest;
        }
        _ready.Note(inPlainSteps);
        return inPlainSteps;
    }

    /// <summary>The ledger has no more for it for now. What was read stays read and tells its price; where nobody says how much that was and it lost more than all of it should have, it is as far again to the end.</summary>
    /// <param name="now">Tokens committed so far.</param>
    /// <param name="context">Tokens before the next step, of one request.</param>
    public void BreakOff(long now, double context)
    {
        if (_reading > 0)
        {
            LearnReading(_reading);
            (_reading, _invested) = (0, 0);
            return;
        }
        double behind = Behind(now, context);
        if (_invested > 0 && _invested > ReadingCost * behind) (_read, _readingLoss) = (behind, 2 * _invested);
    }

    /// <summary>Its probe is not over, but the ledger has no more for it.</summary>
    /// <param name="now">Tokens committed so far.</param>
    /// <param name="context">Tokens before the next step, of one request.</param>
    public void BreakOffProbe(long now, double context)
    {
        _resumable = now + ResumableFor;
        BreakOff(now, context);
    }

    /// <summary>Whether the text looks as if it paid now, whatever it paid before.</summary>
    public bool IsSuggested { get; private set; }

    /// <summary>The text looks as if it paid now: its probe is due, unless the last such one has just failed.</summary>
    /// <param name="now">Tokens committed so far.</param>
    public void Suggest(long now)
    {
        IsUnlikely = false;
        if (IsSuggested || now < _suggestAt) return;
        (IsSuggested, ProbeAt, _suggestAt) = (true, now, now + _suggestWait);
        _suggestWait = Math.Min(2 * _suggestWait, LastSuggestWait);
    }

    /// <summary>The text does not look like that any more.</summary>
    public void Withdraw() => (IsSuggested, IsUnlikely) = (false, true);

    /// <summary>Whether the text looks as if it did not pay now, whatever it paid before.</summary>
    public bool IsUnlikely { get; private set; }

    /// <summary>A probe is to tell of now; one that was broken off a short while ago goes on.</summary>
    /// <param name="now">Tokens committed so far.</param>
    public void BeginProbe(long now)
    {
        bool goesOn = now <= _resumable;
        _resumable = long.MinValue / 2;
        if (goesOn) return;
        Restart();
        if (IsSuggested || IsUnlikely) _before = (IsSuggested ? Worth : 1, FewSteps);
        IsSuggested = false;
        (ProbeLoss, _lateGiven, _lateTaken, _lateUsual, _late) = (0, 0, 0, 0, 0);
    }

    /// <summary>Begins with what was shown when nothing depended on it.</summary>
    /// <param name="paid">Plain decoding's time over its time.</param>
    /// <param name="steps">Steps that this rests on.</param>
    public void Prime(double paid, int steps)
    {
        _known = Math.Min(steps, MostRehearsed);
        (_worthGiven, _worthTaken) = (_known * paid, _known);
    }

    /// <summary>Begins with what catching up cost when nothing depended on it.</summary>
    /// <param name="tokens">Read.</param>
    /// <param name="lostSteps">Plain steps that this lost.</param>
    public void PrimeReading(double tokens, double lostSteps) => (_read, _readingLoss) = (tokens, Math.Max(0, lostSteps));

    /// <summary>Judges it by a step.</summary>
    /// <param name="given">Tokens that it gave a request.</param>
    /// <param name="taken">What it took, in plain steps.</param>
    /// <param name="tokens">Emitted over all requests.</param>
    /// <param name="idle">Whether it had nothing to show: that says nothing about what its steps take, nor of luck.</param>
    public void Measure(double given, double taken, int tokens, bool idle = false)
    {
        (_worthGiven, _worthTaken, _known) = (_worthGiven * KeepWorth + given, _worthTaken * KeepWorth + taken, _known * KeepWorth + 1);
        (_given, _taken, _weight) = (_given * Keep + given, _taken * Keep + taken, _weight * Keep + 1);
        Tokens += tokens;
        (Steps, Probed) = (Steps + 1, Probed + 1);
        if (idle) return;
        (_usual, _usualSteps) = (_usual * Keep + taken, _usualSteps * Keep + 1);
        (_lateGiven, _lateTaken, _lateUsual, _late) = (_lateGiven * KeepLately + given, _lateTaken * KeepLately + taken, _lateUsual * KeepLately + _usual / _usualSteps, _late + 1);
    }

    /// <summary>A step's length, in plain steps, without what the machine added to it.</summary>
    public double WithoutStall(double inPlainSteps, bool caughtUp) => (caughtUp ? _catchingUp : _ready).WithoutStall(inPlainSteps);

    /// <summary>Whether the machine held a step up: it is judged as the longest of its kind.</summary>
    public bool IsStall(double inPlainSteps, bool caughtUp) => (caughtUp ? _catchingUp : _ready).IsStall(inPlainSteps);

    /// <summary>The longest that a step of its kind is thought to take, in plain steps.</summary>
    public double Longest(bool caughtUp) => (caughtUp ? _catchingUp : _ready).Longest;

    /// <summary>Notes how long a step was, measured or not.</summary>
    /// <param name="inPlainSteps">Its length.</param>
    /// <param name="caughtUp">Whether drafts had to catch up in it.</param>
    public void NoteLength(double inPlainSteps, bool caughtUp) => (caughtUp ? _catchingUp : _ready).Note(inPlainSteps);

    /// <summary>Its drafts are of use: what catching up lost, if it had to, is known.</summary>
    /// <param name="now">Tokens committed so far.</param>
    /// <param name="context">Tokens before the step, of one request.</param>
    public void IsReady(long now, double context)
    {
        double behind = _reading > 0 ? _reading : Reads(now) ? Behind(now, context) : 0;
        if (behind > 0) LearnReading(behind);
        (_readyAt, _invested, _reading) = (now, 0, 0);
    }

    private void LearnReading(double tokens)
    {
        double lost = _read > 0 ? Math.Min(_invested, SlowReading * ReadingCost * tokens) : _invested; // the machine may have been busy elsewhere
        double keep = 1 - (1 - KeepReading) * Math.Min(1, tokens / MuchReading);
        (_read, _readingLoss) = (keep * _read + tokens, keep * _readingLoss + lost);
    }

    /// <summary>Other requests come in: its drafts have not seen them.</summary>
    public void BeginAccount()
    {
        (IsRefuted, IsSuggested, _suggestAt) = (false, false, 0);
        (_readyAt, _invested, _reading, Lag) = (long.MinValue / 2, 0, 0, null);
        Restart();
    }

    private void Restart()
    {
        if (_weight > 0 && _before.Steps > FewSteps)
        {
            double off = Paid - _before.Worth, seen = off * off - StepSpread * StepSpread / _weight - MachineSpread * MachineSpread; // the rest is chance
            _spread += LearnSpread * _weight / (_weight + SpreadSteps) * (seen - _spread);
        }
        _before = IsRefuted ? (1, 0) : (Worth, _known);
        (_weight, _given, _taken, Probed) = (0, 0, 0, 0);
    }

    /// <summary>It did not pay: the probe after the next is further away.</summary>
    public void BackOff(long now, int last, int factor = 2)
    {
        ProbeAt = now + Interval;
        Interval = Math.Min(factor * Interval, last);
    }

    /// <summary>Whether this text showed that it does not pay on it: what it paid before says nothing then.</summary>
    public bool IsRefuted { get; private set; }

    /// <summary>It was in use and did not pay.</summary>
    public void Refute() => IsRefuted = true;

    /// <summary>It pays: should it stop paying, it is probed again soon.</summary>
    public void Reward(long now, int first)
    {
        IsRefuted = false;
        _suggestWait = FirstSuggestWait;
        Interval = first;
        ProbeAt = now + first;
    }

    /// <summary>It could not be probed now; nothing is learned from that.</summary>
    public void Postpone(long now, int tokens) => ProbeAt = now + tokens;

    /// <summary>The ledger cannot bear its longest step: the longest that were seen are forgotten by and by, down to the usual.</summary>
    public void ForgetLongest()
    {
        _readingLoss *= KeepReadingCost;
        _ready.Forget();
        _catchingUp.Forget();
    }
}
