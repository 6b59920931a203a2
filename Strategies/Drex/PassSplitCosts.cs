using Switchyard.Model;
using Switchyard.Strategies.Costs;

namespace Switchyard.Strategies.Drex;

/// <summary>Stage costs from the machine's profile of passes, corrected by what is measured while running.</summary>
/// <remarks>
/// The profile counts a read-out only where layers end with the last, so an exit's read-out is taken as what the last layer
/// costs more than the first. Each stage keeps the fading mean of measured over profiled time as its correction.
/// </remarks>
public sealed class PassSplitCosts : ISplitCosts
{
    private const double Memory = 0.95;

    private readonly IPassCosts _costs;
    private readonly LayerRange[] _stages;
    private readonly int _layerCount, _context;
    private readonly double[] _measured, _profiled;

    /// <summary>Joins a profile to exits.</summary>
    /// <param name="costs">The profile of the model.</param>
    /// <param name="exits">Depths of the exits, ascending.</param>
    /// <param name="layerCount">Layers of the model.</param>
    /// <param name="context">Tokens cached by a request, about.</param>
    public PassSplitCosts(IPassCosts costs, IReadOnlyList<int> exits, int layerCount, int context = 256)
    {
        ArgumentNullException.ThrowIfNull(exits);
        (_costs, _layerCount, _context) = (costs, layerCount, context);
        _stages = new LayerRange[exits.Count + 1];
        for (int i = 0; i < _stages.Length; i++) _stages[i] = new(i == 0 ? 0 : exits[i - 1], i == exits.Count ? layerCount : exits[i]);
        (_measured, _profiled) = (new double[_stages.Length], new double[_stages.Length]);
    }

    /// <inheritdoc/>
    public double Seconds(int stage, double rows)
    {
        if (rows <= 0) return 0;
        int low = Math.Max(1, (int)rows);
        double seconds = Profiled(stage, low), part = rows - low;
        if (part > 0) seconds += part * (Profiled(stage, low + 1) - seconds);
        return _profiled[stage] > 0 ? seconds * _measured[stage] / _profiled[stage] : seconds;
    }

    /// <inheritdoc/>
    public void Record(int stage, int rows, double seconds)
    {
        if (rows <= 0 || !(seconds >= 0)) return;
        _measured[stage] = (_measured[stage] * Memory) + seconds;
        _profiled[stage] = (_profiled[stage] * Memory) + Profiled(stage, rows);
    }

    private double Profiled(int stage, int rows)
    {
        double seconds = _costs.Seconds(_stages[stage], rows, _context, 1);
        if (stage == _stages.Length - 1) return seconds;
        double readout = _costs.Seconds(new(_layerCount - 1, _layerCount), rows, _context, 1) - _costs.Seconds(new(0, 1), rows, _context, 1);
        return seconds + Math.Max(0, readout);
    }
}
