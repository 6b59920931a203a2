using System.Globalization;
using System.Numerics;
using System.Text;

namespace Switchyard.Strategies.SpecRouter;

/// <summary>
/// Which levels of a ladder take part, smallest first, and how many tokens must be pending before each is asked to check them
/// (SpecRouter's chain C = [M_1 … M_N], arXiv:2505.07680).
/// </summary>
/// <remarks>A value: it is recorded, compared and replayed as such. Spelt as <see cref="ToString"/> has it: <c>0>1/3>2/8</c>.</remarks>
public readonly record struct ChainPlan
{
    /// <summary>Levels that a ladder may have.</summary>
    public const int MaxLevels = 16;

    /// <summary>The largest window.</summary>
    public const int MaxWindow = byte.MaxValue;

    private readonly UInt128 _windows; // one byte a level; 0 where a level has none

    private ChainPlan(uint levels, UInt128 windows, bool rides) => (Levels, _windows, Rides) = (levels, windows, rides);

    /// <summary>The levels as bits: bit 0 is the smallest.</summary>
    public uint Levels { get; }

    /// <summary>
    /// Whether a sequence whose window is not full yet joins a pass that others asked for: worth it where rows that share a pass
    /// are cheap, so that nobody waits for the slowest and nobody has a pass to itself.
    /// </summary>
    public bool Rides { get; }

    /// <summary>The level that drafts.</summary>
    public int Bottom => BitOperations.TrailingZeroCount(Levels);

    /// <summary>The target.</summary>
    public int Top => 31 - BitOperations.LeadingZeroCount(Levels);

    /// <summary>Levels in the chain.</summary>
    public int Count => BitOperations.PopCount(Levels);

    /// <summary>A chain of one level: plain decoding where it is the target.</summary>
    public static ChainPlan Only(int level)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(level);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(level, MaxLevels);
        return new(1u << level, 0, rides: true);
    }

    /// <summary>The chain with a further, larger level that is asked as soon as <paramref name="window"/> tokens are pending for it.</summary>
    public ChainPlan Then(int level, int window)
    {
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(level, Top);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(level, MaxLevels);
        ArgumentOutOfRangeException.ThrowIfLessThan(window, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(window, MaxWindow);
        return new(Levels | 1u << level, _windows | (UInt128)window << 8 * level, Rides);
    }

    /// <summary>The chain with <see cref="Rides"/> set.</summary>
    public ChainPlan WithRides(bool rides) => new(Levels, _windows, rides);

    /// <summary>Whether a level takes part.</summary>
    public bool Has(int level) => (Levels >> level & 1) != 0;

    /// <summary>Tokens that must be pending before <paramref name="level"/> is asked; 0 for the bottom and for levels outside.</summary>
    public int Window(int level) => (int)(uint)(_windows >> 8 * level) & 0xFF;

    /// <summary>Reads what <see cref="ToString"/> wrote.</summary>
    /// <exception cref="FormatException">It is no such text.</exception>
    public static ChainPlan Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        bool alone = text.EndsWith('!');
        ChainPlan plan = default;
        foreach (string part in (alone ? text[..^1] : text).Split('>'))
        {
            string[] numbers = part.Split('/');
            if (!int.TryParse(numbers[0], NumberStyles.None, CultureInfo.InvariantCulture, out int level) || level >= MaxLevels || numbers.Length != (plan.Levels == 0 ? 1 : 2))
                throw Bad(text);
            if (plan.Levels == 0)
            {
                plan = Only(level);
                continue;
            }
            if (level <= plan.Top || !byte.TryParse(numbers[1], NumberStyles.None, CultureInfo.InvariantCulture, out byte window) || window == 0) throw Bad(text);
            plan = plan.Then(level, window);
        }
        return plan.WithRides(!alone);
    }

    /// <summary>The levels from the bottom, each later one with its window; an exclamation mark where sequences do not ride.</summary>
    public override string ToString()
    {
        var text = new StringBuilder();
        for (int level = 0; level < MaxLevels; level++)
        {
            if (!Has(level)) continue;
            if (text.Length > 0) text.Append('>');
            text.Append(level);
            if (level != Bottom) text.Append('/').Append(Window(level));
        }
        return text.Append(Rides ? "" : "!").ToString();
    }

    private static FormatException Bad(string text) =>
        new($"'{text}' is no chain. Write levels in ascending order, each after the first with its window, such as 0>1/3>2/8.");
}
