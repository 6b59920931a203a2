using System.Numerics;
using Switchyard.Strategies.Sampling;

namespace Switchyard.Strategies.SpecRouter;

/// <summary>
/// Compares the distributions of two levels at one position, now and then: the smaller one's is kept from when it chose the
/// first token that a larger one has not checked, until the larger one stands at the same place.
/// </summary>
/// <remarks>One distribution a level is kept, of one sequence at a time: similarity is of models, any sequence's sample serves.</remarks>
internal sealed class LawComparison
{
    private readonly NextTokenLaw[] _kept;
    private readonly NextTokenLaw _passing; // of a level that compares and has nothing to keep
    private readonly ChainSequence?[] _owners; // whose distribution is kept, and of which position
    private readonly int[] _positions, _since;
    private readonly int _every;

    public LawComparison(int levels, int every, int tokenCount)
    {
        (_kept, _passing, _every) = (new NextTokenLaw[levels], new NextTokenLaw(tokenCount), Math.Max(1, every));
        (_owners, _positions, _since) = (new ChainSequence?[levels], new int[levels], new int[levels]);
        for (int i = 0; i < levels; i++) _kept[i] = new NextTokenLaw(tokenCount);
        _since.AsSpan().Fill(_every); // the first block counts
    }

    /// <summary>Has the coming pass take the distribution at <paramref name="from"/>, if it can be compared or is worth keeping.</summary>
    /// <returns>Whether it will: at most one sequence of a pass.</returns>
    public bool Begin(ChainSequence sequence, uint chain, int level, int from)
    {
        bool compares = false, awaited = false; // by this sequence; by another one of the same pass
        for (int below = 0; below < level; below++)
        {
            compares |= Holds(below, sequence, from);
            awaited |= _owners[below] is { } owner && owner != sequence && owner.Need == level && Holds(below, owner, owner.VerifiedBy(chain, level));
        }
        uint above = chain >> level + 1 << level + 1;
        bool keeps = above != 0 && sequence.VerifiedBy(chain, BitOperations.TrailingZeroCount(above)) == from && !IsWanted(level);
        if (keeps) _since[level]++;
        if (!compares && (awaited || !keeps || _since[level] < _every)) return false;
        if (keeps) (_owners[level], _positions[level], _since[level]) = (sequence, from, 0);
        NextTokenLaw law = keeps ? _kept[level] : _passing;
        law.Clear();
        sequence.Lanes[level].Law = law;
        return true;
    }

    /// <summary>After the pass: tells <paramref name="policy"/> of every distance that can be told.</summary>
    public void End(ChainSequence sequence, int level, int from, IChainPolicy policy)
    {
        NextTokenLaw law = sequence.Lanes[level].Law!;
        sequence.Lanes[level].Law = null;
        for (int below = 0; below < level; below++)
        {
            if (!Holds(below, sequence, from)) continue;
            double distance = law.DistanceTo(_kept[below]);
            if (!double.IsNaN(distance)) policy.ObserveDistance(below, level, distance, law.IsGreedy);
        }
    }

    /// <summary>Forgets what was taken behind <paramref name="length"/>: other tokens will come before it.</summary>
    public void Truncate(ChainSequence sequence, int length)
    {
        for (int level = 0; level < _kept.Length; level++)
            if (_owners[level] == sequence && _positions[level] > length) _owners[level] = null;
    }

    /// <summary>Forgets a sequence.</summary>
    public void Release(ChainSequence sequence)
    {
        for (int level = 0; level < _kept.Length; level++)
            if (_owners[level] == sequence) _owners[level] = null;
    }

    private bool Holds(int level, ChainSequence sequence, int position) =>
        _owners[level] == sequence && _positions[level] == position && _kept[level].IsTaken;

    /// <summary>Whether the target has yet to come to what is kept of a level.</summary>
    private bool IsWanted(int level) => _owners[level] is { } owner && _kept[level].IsTaken && _positions[level] >= owner.Committed;
}
