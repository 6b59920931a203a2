namespace Switchyard.Strategies.Cast;

/// <summary>
/// What a plain step takes in truth, sampling and bookkeeping included, over what its forward pass is measured to cost: speculation is
/// compared with the former. By batch, because a batch that always speculates would otherwise never meet its own plain step.
/// </summary>
/// <remarks>Allocates nothing once the largest batch was seen.</remarks>
internal sealed class PlainPace
{
    private const int FirstWait = 4, LongestWait = 128;
    private const double Weight = 0.3, Stall = 4;

    private double[] _ratio = [];
    private int[] _wait = [], _nextWait = []; // steps to the next plain one, and how many there will be after it

    /// <summary>Whether this step should be a plain one, to be measured; to be called once a step that would speculate.</summary>
    public bool IsDue(int batch)
    {
        Reserve(batch);
        if (_wait[batch]-- > 0) return false;
        (_wait[batch], _nextWait[batch]) = (_nextWait[batch], Math.Min(LongestWait, 4 * _nextWait[batch]));
        return true;
    }

    /// <summary>A plain step took <paramref name="seconds"/>, and its pass is measured to cost <paramref name="passSeconds"/>.</summary>
    public void Observe(int batch, double seconds, double passSeconds)
    {
        Reserve(batch);
        double ratio = seconds / passSeconds;
        if (!double.IsFinite(ratio) || !(ratio > 0)) return;
        ref double known = ref _ratio[batch];
        known = known == 0 ? Math.Min(ratio, Stall) : known + Weight * (Math.Min(ratio, Stall * known) - known);
    }

    /// <summary>A plain step's time over its pass's; 1 while none was seen.</summary>
    public double Ratio(int batch) => batch < _ratio.Length && _ratio[batch] > 0 ? _ratio[batch] : 1;

    private void Reserve(int batch)
    {
        int before = _ratio.Length;
        if (batch < before) return;
        int size = Math.Max(batch + 1, 2 * before);
        Array.Resize(ref _ratio, size);
        Array.Resize(ref _wait, size);
        Array.Resize(ref _nextWait, size);
        _wait.AsSpan(before).Fill(FirstWait);
        _nextWait.AsSpan(before).Fill(4 * FirstWait);
    }
}
