namespace Switchyard.Strategies.SpecRouter;

/// <summary>One guess for a place, and the chance that the target chooses it there.</summary>
/// <param name="Token">Token id.</param>
/// <param name="Chance">Once the target chose everything before it, in [0, 1].</param>
/// <param name="Bin">Where its fate is counted.</param>
internal readonly record struct Branch(int Token, float Chance, int Bin);

/// <summary>What the level below the target thought possible at the pending places of one sequence: the token it stands for, then others.</summary>
/// <remarks>A place is remembered until another one takes its seat, and is good only while the same level stands for the same token there.</remarks>
/// <param name="width">Guesses of one place, the level's own token included.</param>
internal sealed class BranchBook(int width)
{
    private const int Seats = 2 * ChainPlan.MaxWindow + 2;

    private readonly Branch[] _branches = new Branch[Seats * width];
    private readonly int[] _positions = new int[Seats], _levels = new int[Seats], _counts = new int[Seats];

    /// <summary>Notes guesses for a place, best first.</summary>
    public void Note(int position, int level, ReadOnlySpan<Branch> branches)
    {
        int seat = position % Seats;
        (_positions[seat], _levels[seat], _counts[seat]) = (position, level, Math.Min(width, branches.Length));
        branches[.._counts[seat]].CopyTo(_branches.AsSpan(seat * width));
    }

    /// <summary>Guesses for a place at which <paramref name="level"/> stands for <paramref name="token"/>, that one first; none where they are not known.</summary>
    public ReadOnlySpan<Branch> At(int position, int level, int token)
    {
        int seat = position % Seats;
        bool known = _counts[seat] > 0 && _positions[seat] == position && _levels[seat] == level && _branches[seat * width].Token == token;
        return known ? _branches.AsSpan(seat * width, _counts[seat]) : default;
    }
}
