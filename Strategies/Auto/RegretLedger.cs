namespace Switchyard.Strategies.Auto;

/// <summary>
/// Keeps what was lost against plain decoding within a share of plain time and a few steps: a step that may cost more than plain
/// decoding is allowed only if the bound would hold should it turn out as bad as it can.
/// </summary>
/// <remarks>
/// <para>A balance is plain time for the tokens emitted, less the time spent. Whatever the acceptances are, the time spent is
/// at most (1 + share) · plain time + allowance · the longest plain step, as long as steps stay within the bounds that they were
/// declared with and the prices of tokens are not above plain decoding's own.</para>
/// <para>That holds for all accounts (<see cref="Begin"/>) together. An account by itself may lose <paramref name="carriedSteps"/> steps
/// more, as far as earlier ones won them or left them unspent: an investment, such as a draft's reading of a long prompt, is often larger
/// than what one account may lose. Winnings may be risked again, up to <paramref name="surplusSteps"/> steps of them.</para>
/// </remarks>
/// <param name="share">Of plain time that may be lost for good.</param>
/// <param name="allowedSteps">Plain steps that may be lost beside it.</param>
/// <param name="surplusSteps">Plain steps of winnings that are remembered.</param>
/// <param name="carriedSteps">Plain steps that an account may lose of what earlier ones left.</param>
public sealed class RegretLedger(double share = 0.01, double allowedSteps = 2, double surplusSteps = 32, double carriedSteps = 16)
{
    private double _allBalance, _allPlain, _carried;

    /// <summary>Seconds won since the account began; negative when lost. Winnings beyond the limit are not counted.</summary>
    public double Balance { get; private set; }

    /// <summary>Seconds that plain decoding would have taken since the account began.</summary>
    public double PlainSeconds { get; private set; }

    /// <summary>The lowest balance since the account began.</summary>
    public double LowestBalance { get; private set; }

    /// <summary>Whether neither this account nor all together are behind plain decoding.</summary>
    internal bool OwesNothing => Balance >= 0 && _allBalance >= 0;

    /// <summary>Begins an account, without debts. Debts go on to count in the bound on all accounts together.</summary>
    public void Begin() => (Balance, PlainSeconds, LowestBalance, _carried) = (0, 0, 0, Math.Max(0, _allBalance + share * _allPlain));

    /// <summary>Whether a step may be taken.</summary>
    /// <param name="worstSeconds">The longest it may take.</param>
    /// <param name="leastPlainSeconds">Plain time of the fewest tokens it may emit.</param>
    /// <param name="plainStepSeconds">A step of plain decoding.</param>
    /// <param name="reserve">Seconds that must be left to be risked afterwards.</param>
    public bool Allows(double worstSeconds, double leastPlainSeconds, double plainStepSeconds, double reserve = 0) =>
        Missing(worstSeconds, leastPlainSeconds, plainStepSeconds, reserve) == (0, 0);

    /// <summary>Seconds that would have to be won, or left unspent, before such a step may be taken: in this account, and in all of them; 0 where none.</summary>
    /// <inheritdoc cref="Allows" path="/param"/>
    internal (double Here, double InAll) Missing(double worstSeconds, double leastPlainSeconds, double plainStepSeconds, double reserve)
    {
        double worst = leastPlainSeconds - worstSeconds - reserve, allowance = allowedSteps * plainStepSeconds;
        double here = Balance + worst + share * (PlainSeconds + leastPlainSeconds) + allowance + Carried(plainStepSeconds);
        double all = _allBalance + worst + share * (_allPlain + leastPlainSeconds) + allowance;
        return (Math.Max(0, -here), Math.Max(0, -all));
    }

    /// <summary>Seconds that may be lost in this account, as things stand.</summary>
    /// <param name="plainStepSeconds">A step of plain decoding.</param>
    public double Allowance(double plainStepSeconds) => share * PlainSeconds + allowedSteps * plainStepSeconds + Carried(plainStepSeconds);

    /// <summary>Books time of plain decoding itself: it costs what it costs.</summary>
    public void BookPlain(double seconds) => (PlainSeconds, _allPlain) = (PlainSeconds + seconds, _allPlain + seconds);

    /// <summary>Books a step that was not plain.</summary>
    /// <param name="plainSeconds">Plain time of the tokens it emitted.</param>
    /// <param name="seconds">The time it took.</param>
    /// <param name="plainStepSeconds">A step of plain decoding.</param>
    public void Book(double plainSeconds, double seconds, double plainStepSeconds)
    {
        BookPlain(plainSeconds);
        double won = plainSeconds - seconds, most = surplusSteps * plainStepSeconds;
        (Balance, _allBalance) = (Math.Min(Balance + won, most), Math.Min(_allBalance + won, most));
        LowestBalance = Math.Min(LowestBalance, Balance);
    }

    private double Carried(double plainStepSeconds) => Math.Min(_carried, carriedSteps * plainStepSeconds);
}
