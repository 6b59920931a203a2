namespace Switchyard.Strategies;

/// <summary>How the guesses of one level of a ladder fared with the target, in one request.</summary>
/// <param name="name">The level's name.</param>
public sealed class LevelTally(string name)
{
    /// <summary>The level's name.</summary>
    public string Name { get; } = name;

    /// <summary>Tokens the target was shown that this level had guessed or kept last.</summary>
    public int Offered { get; internal set; }

    /// <summary>Those it kept.</summary>
    public int Kept { get; internal set; }

    /// <summary>Kept over offered; 0 where nothing was offered.</summary>
    public double Acceptance => Offered == 0 ? 0 : (double)Kept / Offered;
}
