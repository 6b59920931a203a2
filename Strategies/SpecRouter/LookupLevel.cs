using Switchyard.Strategies.Speculation;

namespace Switchyard.Strategies.SpecRouter;

/// <summary>
/// The lowest rung: guesses that the text goes on as it did after the latest earlier occurrence of its last few tokens. Runs no
/// model; a text that repeats itself is continued in a circle.
/// </summary>
/// <param name="longest">Tokens compared at most; the longest match wins.</param>
/// <param name="shortest">Tokens that must match at least.</param>
public sealed class LookupLevel(int longest = 4, int shortest = 2) : IChainLevel
{
    /// <inheritdoc/>
    public string Name => "lookup";

    /// <inheritdoc/>
    public bool Verifies => false;

    /// <inheritdoc/>
    public int Capacity => int.MaxValue;

    /// <inheritdoc/>
    public int LayerCount => 0;

    /// <inheritdoc/>
    public int Room => int.MaxValue;

    /// <inheritdoc/>
    public bool TryOpen(LevelLane lane)
    {
        ArgumentNullException.ThrowIfNull(lane);
        lane.State = new NGramIndex(shortest, longest);
        return true;
    }

    /// <inheritdoc/>
    public void Close(LevelLane lane)
    {
        ArgumentNullException.ThrowIfNull(lane);
        lane.State = null;
    }

    /// <inheritdoc/>
    public int Missing(LevelLane lane, ReadOnlySpan<int> context) => 0;

    /// <inheritdoc/>
    public bool Add(LevelLane lane, ReadOnlySpan<int> context, ReadOnlySpan<int> pending)
    {
        ArgumentNullException.ThrowIfNull(lane);
        lane.ClearChoices();
        if (lane.State is not NGramIndex index) return false;
        index.Follow(context);
        for (int length = longest; length >= shortest; length--)
        {
            int end = index.Latest(length);
            if (end < 0) continue;
            for (int place = end + 1; lane.ChoiceCount < lane.Wanted; place++)
                lane.Choose(place < context.Length ? new TokenChoice(context[place]) : lane.Choices[place - context.Length]);
            return true;
        }
        return true;
    }

    /// <inheritdoc/>
    public int Feed(LevelLane lane, ReadOnlySpan<int> context, int most) => 0;

    /// <inheritdoc/>
    public void Run()
    {
    }

    /// <inheritdoc/>
    public void Clear()
    {
    }

    /// <inheritdoc/>
    public void Dispose()
    {
    }
}
