using Switchyard.Strategies.Sampling;

namespace Switchyard.Strategies.Speculation;

/// <summary>
/// Guesses that the text goes on as it did before: what followed the latest occurrences of the request's last few tokens, in
/// prompt or output (prompt lookup). Needs no model and runs no pass.
/// </summary>
/// <remarks>
/// Chance matches are common and end soon, copies go on: a request's guesses grow twice as long whenever all of them were right, and
/// shrink to what was right and one more when some were wrong. While they are long, only the first match is followed.
/// </remarks>
/// <param name="longest">Tokens compared at most; the longest match is asked first.</param>
/// <param name="shortest">Tokens that must match at least.</param>
public sealed class LookupDrafter(int longest = 4, int shortest = 2) : IDrafter
{
    private const int LeastTrusted = 2, FirstTrusted = 4, MostTrusted = 64;

    private readonly int _longest = longest >= shortest && shortest > 0
        ? longest
        : throw new ArgumentOutOfRangeException(nameof(longest), longest, $"Lookup compares between 1 and {nameof(longest)} tokens; {nameof(shortest)} was {shortest}.");

    /// <inheritdoc/>
    public string Name => "lookup";

    /// <inheritdoc/>
    public bool TryOpen(DraftSession session)
    {
        session.State = new Text(new NGramIndex(shortest, _longest));
        return true;
    }

    /// <inheritdoc/>
    public int Expand(ReadOnlySpan<DraftSession> sessions, int children)
    {
        foreach (DraftSession session in sessions)
        {
            if (session.FrontierCount == 0 || session.State is not Text { Index: { } index } text) continue;
            if (session.Frontier[0] == DraftTree.Root)
            {
                index.Follow(session.Request.Tokens);
                OfferMatches(session, index, text.Trusted > FirstTrusted ? 1 : children);
                continue;
            }
            foreach (int node in session.Frontier)
            {
                int next = session.Tree.Slots[node] + 1; // the slot of a node is the place in the text that it repeats
                if (next < index.Tokens.Length && session.Tree.Depths[node] < text.Trusted) OfferOne(session, node, index.Tokens[next], next, 0.9f);
            }
        }
        return 0;
    }

    /// <inheritdoc/>
    public void Observe(ReadOnlySpan<DraftSession> sessions)
    {
        foreach (DraftSession session in sessions)
        {
            if (session.State is not Text text || session.Walk.Shown == 0) continue;
            int deepest = 0, right = session.Accepted.Length;
            foreach (int depth in session.Tree.Depths[..session.Walk.Shown]) deepest = Math.Max(deepest, depth);
            text.Trusted = right >= deepest ? Math.Min(2 * text.Trusted, MostTrusted) : Math.Max(LeastTrusted, right + 1);
        }
    }

    /// <inheritdoc/>
    public void Close(DraftSession session) => session.State = null;

    /// <inheritdoc/>
    public void Dispose()
    {
    }

    private void OfferMatches(DraftSession session, NGramIndex index, int children)
    {
        int offered = 0;
        for (int length = _longest; length >= shortest && offered < children; length--)
        {
            for (int end = index.Latest(length); end >= 0 && offered < children; end = index.Earlier(length, end))
            {
                int place = end + 1, before = session.Tree.Count;
                OfferOne(session, DraftTree.Root, index.Tokens[place], place, 1f - 1f / (1 + length + (offered == 0 ? 1 : 0)));
                if (session.Tree.Count > before) offered++;
            }
        }
    }

    private static void OfferOne(DraftSession session, int parent, int token, int place, float probability)
    {
        var guess = new DraftCandidate(token, probability, float.NaN);
        int before = session.Tree.Count;
        session.Offer(parent, new ReadOnlySpan<DraftCandidate>(in guess));
        if (session.Tree.Count > before) session.Tree.Slots[before] = place;
    }

    /// <summary>One request's text, and how long guesses may be.</summary>
    private sealed class Text(NGramIndex index)
    {
        public NGramIndex Index { get; } = index;

        public int Trusted { get; set; } = FirstTrusted;
    }
}
