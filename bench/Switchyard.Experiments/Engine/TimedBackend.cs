using System.Diagnostics;
using Switchyard.Properties.Faults;
using Switchyard.Tensor;

namespace Switchyard.Experiments.Engine;

/// <summary>Adds up the time that matrix products take, the quantisation of their activations included.</summary>
internal sealed class TimedBackend(IBackend inner) : BackendDecorator(inner)
{
    private long _ticks;

    /// <summary>Time in matrix products since the last call.</summary>
    public TimeSpan TakeProducts()
    {
        TimeSpan taken = Stopwatch.GetElapsedTime(0, _ticks);
        _ticks = 0;
        return taken;
    }

    public override void MatMul(Matrix x, ReadOnlySpan<Projection> projections, ReadOnlySpan<int> rows, bool accumulate = false)
    {
        long start = Stopwatch.GetTimestamp();
        base.MatMul(x, projections, rows, accumulate);
        _ticks += Stopwatch.GetTimestamp() - start;
    }
}
