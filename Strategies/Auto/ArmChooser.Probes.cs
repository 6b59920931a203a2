namespace Switchyard.Strategies.Auto;

// Which strategy is tried next, when that says enough, and what it is worth over a text.
public sealed partial class ArmChooser
{
    private const double LikelyBetter = 0.25, LikelyWorse = 1.5; // standard errors by which a probe must be off the mark to be over: whoever ends it too soon learns nothing more
    private const int WorthwhileSteps = 8; // steps without luck that must be borne after a draft caught up: what is broken off tells nothing, and was paid for
    private const int ProbesEvery = 4; // tokens
    private const double MostRoom = 3, LeastRoom = 1; // plain steps that are asked for beyond the first: between these, as many as catching up loses
    private const int Promising = 0, Unpromising = 1; // the order in which probes that are due are made
    private const int LongestSaving = 1024, ShortSaving = 128; // tokens: for what is thought to pay, and for what may
    private const double Hoped = 1.5; // times plain decoding, by what is probed
    private const double Reinstated = 1.02; // times plain decoding, by all texts
    private const int KnownSteps = 64; // by which a strategy is known well enough to be used without a probe
    private const double SharedLuck = 0.5; // of the doubt about one strategy, beside another on the same text
    private const int UsualGrowth = 2, BehindGrowth = 8, FarGrowth = 32; // a wait over the one before: the usual, while another pays, and of what would need luck to catch up

    /// <summary>One text said no: another begins with what was in use if that pays as a rule still.</summary>
    private void Reinstate(BatchView view)
    {
        int arm = view.Refuted;
        if (arm == 0) return;
        view.Refuted = 0;
        if (view.InUse == 0 && !_broken[arm] && Net(view, arm, view.Arms[arm].Expected.Mean) > Reinstated) view.InUse = arm;
    }

    /// <summary>Begins to use what pays most as a rule and can be borne at once, other than what is in use and what the text suggests, whose probe is due anyway; false if nothing can.</summary>
    private bool TakeUpKnown(BatchView view, int batch)
    {
        (int chosen, double most) = (0, Reinstated);
        for (int arm = 1; arm < _names.Length; arm++)
        {
            ArmRecord record = view.Arms[arm];
            if (arm == view.InUse || _broken[arm] || record.Steps < KnownSteps || record.IsUnlikely || record.IsSuggested || record.IsRefuted) continue;
            double expected = record.Expected.Mean, paid = Net(view, arm, expected);
            if (paid <= most) continue;
            AskLag(view, arm);
            double reading = record.Investment(Tokens, _context);
            if (PaysBack(reading, expected) && Allows(view, arm, batch, reading > 0 ? Reserve(view, arm, batch, reading) : 0)) (chosen, most) = (arm, paid);
        }
        if (chosen == 0) return false;
        (view.InUse, view.Refused) = (chosen, 0);
        return true;
    }

    /// <summary>
    /// Of the strategies whose probe is due: the one that might pay most, as far as is known, while that might be more than what is in use
    /// pays; then the one that waits longest. What the one in use may need is left to it.
    /// </summary>
    private int DueProbe(BatchView view, int batch)
    {
        view.ProbesAt = Tokens + ProbesEvery;
        int chosen = 0;
        (int Group, double Rank, double Bound) first = (Unpromising, double.PositiveInfinity, 0);
        double reserve = view.InUse == 0 ? 0 : Math.Max(0, Bound(view, view.InUse, batch) - view.PlainSeconds) + Reserve(view, view.InUse, batch, 0);
        bool spends = view.InUse == 0 || Ledger.OwesNothing; // what is in use wins back what was lost: until then nobody else risks it without need
        if (view.SavingFor > 0 && (Tokens >= view.SavingUntil || _broken[view.SavingFor] || view.SavingFor == view.InUse))
        {
            view.Arms[view.SavingFor].Postpone(Tokens, LeastLast); // it is the others' turn
            view.SavingFor = 0;
        }
        for (int arm = 1; arm < _names.Length; arm++)
        {
            ArmRecord record = view.Arms[arm];
            if (Tokens < record.ProbeAt) view.ProbesAt = Math.Min(view.ProbesAt, record.ProbeAt);
            if (arm == view.InUse || _broken[arm] || Tokens < record.ProbeAt || (view.SavingFor > 0 && arm != view.SavingFor)) continue;
            if (record.IsUnlikely && Tokens < record.ProbeAt + _options.LastProbe) continue;
            AskLag(view, arm);
            double hope = Hope(view, arm), over = hope / Standard(view);
            bool promising = record.IsSuggested || (!record.IsUnlikely && over > 1 + _options.Lead);
            double investment = record.Investment(Tokens, _context);
            if (view.InUse > 0 && record.Steps > 0 && !record.IsSuggested && !IsLikelyBetter(view, arm) && Tokens < record.ProbeAt + Math.Min(Fair(investment), _options.LastProbe)) continue; // what has to be read again makes another probe dearer
            if (!record.IsSuggested && (promising ? !PaysBack(investment, over) : !IsEarly && !PaysBack(investment, Hoped))) continue;
            if (!promising && !spends && Tokens < record.ProbeAt + _options.LastProbe) continue;
            (int, double, double) rank = promising ? (Promising, -hope, Bound(view, arm, batch)) : (Unpromising, record.ProbeAt, 0);
            if (chosen == 0 || rank.CompareTo(first) < 0) (chosen, first) = (arm, rank);
        }
        if (chosen == 0)
        {
            if (view.SavingFor > 0 && Tokens >= view.Arms[view.SavingFor].ProbeAt) view.SavingFor = 0; // it promises nothing any more
            return 0;
        }
        double reading = view.Arms[chosen].Investment(Tokens, _context);
        reserve = view.InUse == 0 ? Reserve(view, chosen, batch, reading) : reserve + reading * view.PlainSeconds;
        if (Allows(view, chosen, batch, reserve))
        {
            view.SavingFor = 0;
            return chosen;
        }
        // Others do not spend what the most promising one needs, as long as that may be saved: over some accounts if all of them are short of it, else in this one.
        double saving = IsLikelyBetter(view, chosen) ? LongestSaving : ShortSaving, share = _options.MaxLoss * view.PlainSeconds;
        (double here, double inAll) = Ledger.Missing(Bound(view, chosen, batch), view.PlainSeconds, view.PlainSeconds, reserve);
        bool saves = first.Group == Promising && inAll <= share * saving && (inAll > 0 || here <= share * Math.Min(Remaining, saving));
        if (!saves) view.SavingFor = 0;
        else if (view.SavingFor == 0) (view.SavingFor, view.SavingUntil) = (chosen, Tokens + (long)saving);
        PutOff(view, chosen);
        view.ProbesAt = Tokens + 1; // others may be borne
        return 0;
    }

    /// <summary>What a strategy needs beyond its next step before it can tell anything: what catching up still loses, and some steps without luck. What was begun is not given up for these.</summary>
    private double Reserve(BatchView view, int arm, int batch, double reading)
    {
        if (view.Arms[arm].IsReading) return reading * view.PlainSeconds;
        double step = Math.Max(0, Bound(view, arm, batch) / view.PlainSeconds - 1);
        return (reading + Math.Min((WorthwhileSteps - 1) * step, Math.Clamp(reading, LeastRoom, MostRoom))) * view.PlainSeconds;
    }

    /// <summary>Tokens until an account of the usual length ends. Nobody knows its end: a quarter of it is always thought to come.</summary>
    private double Remaining => _usual == 0 ? double.PositiveInfinity : Math.Max(_usual - Accounted, _usual / 4);

    /// <summary>Whether what catching up loses can be won back before an account of the usual length ends.</summary>
    private bool PaysBack(double investment, double paid) => investment <= 0 || double.IsInfinity(Remaining) || Remaining * (1 - 1 / Math.Max(paid, 1)) >= investment;

    /// <summary>Nobody knows how long an account will be: its first half is always early enough to find out.</summary>
    private bool IsEarly => Accounted <= _usual / 2;

    /// <summary>The ledger cannot bear a strategy yet.</summary>
    private void PutOff(BatchView view, int arm)
    {
        view.Arms[arm].Postpone(Tokens, _options.FirstProbe);
        view.Arms[arm].ForgetLongest();
    }

    /// <summary>A probe says enough once it is likely better or likely worse, by what is known from before too: a wrong end costs little, and the next text brings another.</summary>
    private bool IsDecided(BatchView view, int arm)
    {
        ArmRecord record = view.Arms[arm];
        (double mean, double doubt) = record.Expected;
        double lead = Net(view, arm, mean) / Standard(view) - (1 + _options.Lead);
        return record.Probed >= LongestProbe * _options.ProbeSteps || (record.Probed > 0 && lead < -LikelyWorse * doubt) || (record.Probed >= _options.ProbeSteps && lead > LikelyBetter * doubt);
    }

    /// <summary>What a strategy pays with some luck. Where another is in use, a text that is good for one is mostly good for the other as well: it says less about their order.</summary>
    private double Hope(BatchView view, int arm)
    {
        (double mean, double doubt) = view.Arms[arm].Expected;
        return Net(view, arm, mean + (view.InUse > 0 ? SharedLuck * doubt : doubt));
    }

    /// <summary>What a strategy pays over an account, with what its drafts have to read first.</summary>
    private double Net(BatchView view, int arm, double paid) => _usual > 0 ? 1 / (1 / paid + view.Arms[arm].Reading(_context) / _usual) : paid;

    /// <summary>Whether a strategy is expected to pay more than what is in use, luck or not.</summary>
    private bool IsLikelyBetter(BatchView view, int arm) => Net(view, arm, view.Arms[arm].Expected.Mean) > Standard(view) * (1 + _options.Lead);

    /// <summary>Tokens between probes that lose so many steps each.</summary>
    private double Fair(double lostSteps) => TokensPerLostStep * (_names.Length - 1) * lostSteps;

    private double Standard(BatchView view) => view.InUse > 0 ? Math.Max(1, Net(view, view.InUse, view.Arms[view.InUse].Expected.Mean)) : 1;

    private void EndProbe(BatchView view, int arm)
    {
        view.Probing = 0;
        (double expected, double doubt) = view.Arms[arm].Expected;
        expected = Net(view, arm, expected);
        if (expected < Standard(view) * (1 + _options.Lead))
        {
            double fair = Math.Clamp(Fair(view.Arms[arm].ProbeLoss), UsualLast, _options.LastProbe);
            bool far = expected + doubt < Standard(view) * (1 + _options.Lead);
            if (!far) fair = Math.Min(fair, HopefulLast);
            view.Arms[arm].BackOff(Tokens, (int)fair, far ? FarGrowth : view.InUse > 0 ? BehindGrowth : UsualGrowth);
            return;
        }
        if (view.InUse > 0) view.Arms[view.InUse].Postpone(Tokens, UsualLast);
        int? displaced = view.IsSuggested ? view.InUse : null;
        view.Arms[arm].Reward(Tokens, _options.FirstProbe);
        (view.InUse, view.PlainAt, view.PlainWait) = (arm, Tokens + BatchView.FirstPlainWait, 2 * BatchView.FirstPlainWait);
        view.Displaced = displaced;
    }
}
