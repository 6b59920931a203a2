namespace Switchyard.Strategies.SpecRouter;

/// <summary>Settles what a level below the target said: pending tokens it kept, then its own.</summary>
internal static class Settler
{
    /// <summary>Takes the choices of a lane from position <paramref name="from"/> on.</summary>
    /// <param name="sequence">Whose pending tokens they are.</param>
    /// <param name="level">Which level spoke.</param>
    /// <param name="from">Position of its first choice.</param>
    /// <param name="tokenCount">Tokens that exist.</param>
    /// <param name="policy">Told what became of the tokens of the levels below.</param>
    /// <param name="refused">Whether a choice was no token; it and what followed were dropped.</param>
    /// <returns>Tokens from the start that the level vouches for.</returns>
    public static int Settle(ChainSequence sequence, int level, int from, int tokenCount, IChainPolicy policy, out bool refused)
    {
        int position = from, limit = sequence.Committed + sequence.Request.RemainingTokens - 1; // the target adds one more
        var tally = new BlockTally(policy, level);
        refused = false;
        foreach (TokenChoice choice in sequence.Lanes[level].Choices)
        {
            refused = (uint)choice.Token >= (uint)tokenCount;
            bool pending = position < sequence.Count;
            if (refused || (!pending && position >= limit)) break;
            int source = pending ? sequence.SourceOf(position) : -1;
            bool kept = sequence.Settle(position++, choice.Token, level);
            if (!pending) continue;
            tally.Count(source, kept);
            if (!kept) break;
        }
        tally.End();
        return position;
    }
}

/// <summary>Counts what one level made of runs of tokens that came from the same other level.</summary>
internal struct BlockTally(IChainPolicy policy, int verifier)
{
    private int _source = -1, _tried, _kept;

    public void Count(int source, bool kept)
    {
        if (source != _source) End();
        _source = source;
        _tried++;
        if (kept) _kept++;
    }

    public void End()
    {
        if (_tried > 0 && _source != verifier) policy.ObserveBlock(_source, verifier, _tried, _kept);
        (_tried, _kept) = (0, 0);
    }
}
