using Switchyard.Strategies.Sampling;

namespace Switchyard.Strategies.Speculation;

/// <summary>
/// How often guesses were right: turns what a drafter says of a guess into the chance that the target chooses it, given that
/// the target came as far as its parent.
/// </summary>
/// <remarks>
/// A draft's softmax is usually over-confident, and above temperature 0 the noise, which the draft knows, decides more than
/// the probability. So guesses are sorted by rank and by probability (greedy, or a drafter without noise) or by rank and gap to
/// the best guess (above temperature 0); every bin starts at a prior and moves to what was observed. Counts are halved as they
/// grow, so old text is forgotten.
/// </remarks>
public sealed class Reliability
{
    private const int Ranks = 6, Steps = 10, Kinds = 2;
    private const float PriorWeight = 4, Horizon = 256;

    private readonly float[] _right = new float[Kinds * Ranks * Steps], _seen = new float[Kinds * Ranks * Steps];
    private readonly bool _learns;

    /// <summary>Makes a table.</summary>
    /// <param name="learns">False keeps to what drafters say, as fixed trees do.</param>
    public Reliability(bool learns = true) => _learns = learns;

    /// <summary>Where the fate of a guess is counted.</summary>
    /// <param name="ranked">The guesses for one place, best first.</param>
    /// <param name="rank">Which of them.</param>
    /// <param name="temperature">The request's.</param>
    public int BinOf(ReadOnlySpan<DraftCandidate> ranked, int rank, float temperature)
    {
        bool byGap = temperature > 0 && !float.IsNaN(ranked[rank].Score);
        int step = byGap ? GapStep(Gap(ranked, rank)) : Math.Clamp((int)(ranked[rank].Probability * Steps), 0, Steps - 1);
        return ((byGap ? 1 : 0) * Ranks + Math.Min(rank, Ranks - 1)) * Steps + step;
    }

    /// <summary>The chance that the target chooses a guess once it chose its parent, in [0, 1].</summary>
    public float Chance(int bin, in DraftCandidate candidate)
    {
        float prior = Prior(bin, candidate);
        return _learns ? (prior * PriorWeight + _right[bin]) / (PriorWeight + _seen[bin]) : prior;
    }

    /// <summary>Counts the fate of one guess whose parent the target chose.</summary>
    public void Observe(int bin, bool right)
    {
        if (bin < 0 || !_learns) return;
        if (_seen[bin] >= Horizon) (_seen[bin], _right[bin]) = (_seen[bin] / 2, _right[bin] / 2);
        _seen[bin]++;
        if (right) _right[bin]++;
    }

    /// <summary>Counts the fate of every guess that the walk came by.</summary>
    public void Observe(DraftTree tree, TreeWalk walk)
    {
        ArgumentNullException.ThrowIfNull(walk);
        Observe(tree, walk.Shown, walk.Choices);
    }

    /// <summary>Counts the fate of every guess that came to be decided.</summary>
    /// <param name="tree">The guesses.</param>
    /// <param name="shown">Nodes that the target saw.</param>
    /// <param name="choices">What it chose, from the root on.</param>
    public void Observe(DraftTree tree, int shown, ReadOnlySpan<TokenChoice> choices)
    {
        ArgumentNullException.ThrowIfNull(tree);
        int at = DraftTree.Root;
        foreach (TokenChoice choice in choices)
        {
            int next = -1;
            for (int child = tree.FirstChild(at); child >= 0; child = tree.NextSibling(child))
            {
                if (child >= shown) continue; // the target never saw it
                bool right = tree.Tokens[child] == choice.Token;
                Observe(tree.Bins[child], right);
                if (right) next = child;
            }
            if (next < 0) return;
            at = next;
        }
    }

    // The best guess is as sure as it leads the second; every other guess as unsure as it lags behind the best. Nats of score.
    private static float Gap(ReadOnlySpan<DraftCandidate> ranked, int rank)
    {
        if (rank > 0) return ranked[0].Score - ranked[rank].Score;
        return ranked.Length > 1 ? ranked[0].Score - ranked[1].Score : float.PositiveInfinity;
    }

    private static int GapStep(float gap) => gap < 8 ? Math.Clamp((int)(gap * 1.25f), 0, Steps - 1) : Steps - 1; // 0.8 nats a step; also for infinite gaps

    // Above temperature 0 the order of two scores holds with 1 / (1 + e^-gap) if draft and target differ by a logistic error.
    private static float Prior(int bin, in DraftCandidate candidate)
    {
        int kind = bin / (Ranks * Steps), rank = bin / Steps % Ranks;
        if (kind == 0) return Math.Clamp(candidate.Probability, 0, 1);
        float gap = (bin % Steps + 0.5f) / 1.25f, holds = 1 / (1 + MathF.Exp(-gap));
        return rank == 0 ? Math.Min(0.95f, holds) : (1 - holds) / rank;
    }
}
