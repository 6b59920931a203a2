namespace Switchyard.Strategies.Auto;

/// <summary>What is known at one batch size.</summary>
internal sealed class BatchView
{
    /// <summary>Tokens until plain decoding is measured beside what is in use, at first.</summary>
    public const int FirstPlainWait = 128;

    /// <summary>Tokens between rows of plain steps.</summary>
    public const int RowWait = 2048;

    private const int ReturnSteps = 8;
    private const double LongestReturn = 1.5; // plain steps: what is longer was held up

    private readonly PlainPrice _price = new();
    private double _lost; // by plain steps after another strategy's
    private int _returning; // such steps that are still to come

    /// <summary>Begins knowing nothing.</summary>
    public BatchView(int arms, AutoOptions options)
    {
        Arms = new ArmRecord[arms];
        for (int arm = 0; arm < arms; arm++) Arms[arm] = new ArmRecord(options.FirstProbe);
    }

    /// <summary>By strategy; the first, plain decoding's, is not used.</summary>
    public ArmRecord[] Arms { get; }

    /// <summary>The strategy in use, 0 for plain decoding. Whatever was displaced by the one before is forgotten.</summary>
    public int InUse
    {
        get;
        set => (field, Displaced) = (value, null);
    }

    /// <summary>The strategy that the last text refuted; 0 for none. Another text begins with it if it pays as a rule.</summary>
    public int Refuted { get; set; }

    /// <summary>The strategy that was in use before one that the text suggested; null where that is not in use.</summary>
    public int? Displaced { get; set; }

    /// <summary>The strategy that is probed; 0 for none.</summary>
    public int Probing { get; set; }

    /// <summary>Whether the text suggested that.</summary>
    public bool IsSuggested { get; set; }

    /// <summary>Steps in a row that the ledger refused to what is in use.</summary>
    public int Refused { get; set; }

    /// <summary>Steps that the probe's drafts may still spend on catching up without being judged.</summary>
    public int WarmingLeft { get; set; }

    /// <summary>The count of tokens from which it is asked again what is to be probed: the answer seldom changes, and asking costs as much as all other bookkeeping.</summary>
    public long ProbesAt { get; set; }

    /// <summary>The strategy whose probe the ledger cannot bear yet and others wait for; 0 for none.</summary>
    public int SavingFor { get; set; }

    /// <summary>The count of tokens until which they wait.</summary>
    public long SavingUntil { get; set; }

    /// <summary>The count of tokens at which plain decoding is measured next while another strategy is in use.</summary>
    public long PlainAt { get; set; }

    /// <summary>Tokens from then to the time after.</summary>
    public int PlainWait { get; set; } = FirstPlainWait;

    /// <summary>Plain steps that are still to come in a row, which tells by how much the first ones after another strategy are slower.</summary>
    public int RowLeft { get; set; }

    /// <summary>The count of tokens at which such a row is due.</summary>
    public long RowAt { get; set; } = RowWait;

    /// <summary>Whether plain decoding has to be measured before anything else is chosen.</summary>
    public bool NeedsPrice => _price.Steps < PlainPrice.FirstSteps;

    /// <summary>What plain steps take, by all requests.</summary>
    public PlainLevel Level { get; } = new();

    /// <summary>What a plain step takes now, on the low side: what losses are told by.</summary>
    public double PlainSeconds { get; private set; }

    /// <summary>What it is likely to take: what strategies are judged by.</summary>
    public double FairSeconds { get; private set; }

    /// <summary>Tokens were committed: prices are of the context that is.</summary>
    /// <param name="at">Tokens since the account began.</param>
    /// <param name="context">Tokens of a request.</param>
    public void PriceAt(long at, double context)
    {
        PlainSeconds = _price.At(at);
        FairSeconds = Level.IsKnown ? Level.At(context) : PlainSeconds;
        if (Level.IsKnown) PlainSeconds = Math.Min(PlainSeconds, FairSeconds);
    }

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

    /// <summary>Learns from a plain step.</summary>
    /// <returns>Whether it counts in the account's own price.</returns>
    public bool MeasurePlain(double seconds, bool follows, long at, double context)
    {
        Level.Add(seconds, context);
        return _price.Add(seconds, follows, at);
    }

    /// <summary>Requests come in with contexts of their own: tokens are not to be priced by those that were there before.</summary>
    /// <param name="now">Tokens committed so far.</param>
    public void PriceAnew(long now)
    {
        (Probing, PlainAt, PlainWait, RowLeft, ProbesAt, _returning, _lost) = (0, Level.IsKnown ? now + FirstPlainWait : 0, 2 * FirstPlainWait, 0, 0, 0, 0);
        _price.Begin();
        Level.Prompt();
        foreach (ArmRecord arm in Arms) arm.BeginAccount();
    }
}
