using Switchyard.Strategies.Sampling;
using Switchyard.Strategies.Speculation;

namespace Switchyard.Tests.Speculation;

/// <summary>A drafter that does what it must not.</summary>
internal sealed class HostileDrafter(HostileDrafter.Way way) : IDrafter
{
    private readonly DraftCandidate[] _guesses = new DraftCandidate[8];
    private int _calls;

    public enum Way
    {
        Garbage,
        WrongVocabulary,
        NotANumber,
        Duplicates,
        ThrowsInExpand,
        ThrowsAtTimes,
        ThrowsInObserve,
        ThrowsInOpen,
        ThrowsInClose,
        ThrowsWithTheSamplerAhead,
    }

    public string Name => "hostile";

    public bool TryOpen(DraftSession session) => way != Way.ThrowsInOpen ? true : throw new InvalidOperationException("open");

    public int Expand(ReadOnlySpan<DraftSession> sessions, int children)
    {
        if (way == Way.ThrowsInExpand || (way == Way.ThrowsAtTimes && _calls % 5 == 4) || (way == Way.ThrowsInClose && _calls == 2))
        {
            _calls++;
            throw new InvalidOperationException("expand");
        }
        foreach (DraftSession session in sessions)
        {
            if (way == Way.ThrowsWithTheSamplerAhead && session.Tree.Count > 0 && _calls % 3 == 0)
            {
                session.AdvanceTo(session.Tree.Count - 1);
                throw new InvalidOperationException("halfway");
            }
            foreach (int node in session.Frontier)
            {
                for (int i = 0; i < children; i++)
                {
                    _calls++;
                    _guesses[i] = way switch
                    {
                        Way.WrongVocabulary => new(1_000_000 + i, 0.5f, 0),
                        Way.NotANumber => new(i, float.NaN, float.NaN),
                        Way.Duplicates => new(3, 7f, float.PositiveInfinity),
                        _ => new(_calls % 31 - 1, (_calls % 7) / 3f, -i),
                    };
                }
                session.Offer(node, _guesses.AsSpan(0, children));
            }
        }
        return 0;
    }

    public void Observe(ReadOnlySpan<DraftSession> sessions)
    {
        if (way == Way.ThrowsInObserve) throw new InvalidOperationException("observe");
    }

    public void Close(DraftSession session)
    {
        if (way == Way.ThrowsInClose) throw new InvalidOperationException("close");
    }

    public void Dispose()
    {
    }
}
