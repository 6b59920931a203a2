using Switchyard.Strategies.Sampling;
using Switchyard.Strategies.Speculation;

namespace Switchyard.Tests.Cast;

/// <summary>Guesses drawn from a seed and the place in the tree, whatever the text says.</summary>
internal sealed class ScriptedDrafter(int seed, int tokenCount = 29) : IDrafter
{
    private readonly DraftCandidate[] _guesses = new DraftCandidate[16];

    public string Name => "scripted";

    public bool TryOpen(DraftSession session) => true;

    public int Expand(ReadOnlySpan<DraftSession> sessions, int children)
    {
        for (int j = 0; j < sessions.Length; j++)
            foreach (int node in sessions[j].Frontier) sessions[j].Offer(node, Guesses(j, node < 0 ? 0 : sessions[j].Tree.Depths[node], node, children));
        return 1;
    }

    public void Observe(ReadOnlySpan<DraftSession> sessions)
    {
    }

    public void Close(DraftSession session)
    {
    }

    public void Dispose()
    {
    }

    private ReadOnlySpan<DraftCandidate> Guesses(int session, int depth, int node, int children)
    {
        var random = new Random(HashCode.Combine(seed, session, depth, node));
        float left = 1;
        for (int i = 0; i < children; i++)
        {
            float p = left * (0.2f + 0.6f * random.NextSingle());
            _guesses[i] = new((7 * i + depth) % tokenCount, p, float.NaN);
            left -= p;
        }
        _guesses.AsSpan(0, children).Sort((a, b) => b.Probability.CompareTo(a.Probability));
        return _guesses.AsSpan(0, children);
    }
}
