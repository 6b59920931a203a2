namespace Switchyard.Strategies.Costs;

/// <summary>What a chain of drafts is expected to bring, from measured costs and a rate of acceptance: said before a draft is used.</summary>
/// <param name="Length">Tokens drafted a step; 0 when plain decoding is faster.</param>
/// <param name="SpeedUp">Tokens for the time that plain decoding takes for one; 1 at length 0.</param>
public readonly record struct ChainForecast(int Length, double SpeedUp)
{
    /// <summary>Expected tokens of a step that drafts <paramref name="length"/>, each accepted with probability <paramref name="acceptance"/> after the one before: (1 − αʷ⁺¹) / (1 − α).</summary>
    public static double ExpectedTokens(double acceptance, int length)
    {
        double sum = 1, power = 1;
        for (int i = 0; i < length; i++) sum += power *= acceptance;
        return sum;
    }

    /// <summary>Expected speed of chains of one length: E(α, w) · c(1) / (c(w + 1) + w · draft).</summary>
    public static double SpeedUpOf(ICostModel costs, int batch, int context, double acceptance, int length)
    {
        ArgumentNullException.ThrowIfNull(costs);
        double step = costs.TargetSeconds(batch, context, length + 1) + length * costs.DraftSeconds(batch, context, 1);
        return ExpectedTokens(acceptance, length) * costs.TargetSeconds(batch, context, 1) / step;
    }

    /// <summary>The best length up to <paramref name="longest"/>.</summary>
    public static ChainForecast Best(ICostModel costs, int batch, int context, double acceptance, int longest = 16)
    {
        var best = new ChainForecast(0, 1);
        for (int length = 1; length <= longest; length++)
            if (SpeedUpOf(costs, batch, context, acceptance, length) is var speed && speed > best.SpeedUp) best = new(length, speed);
        return best;
    }
}
