using System.Diagnostics;
using System.Numerics;
using Switchyard.Backends.Cpu.Kernels;

namespace Switchyard.Backends.Cpu;

/// <summary>
/// Finds out whether a thread reads weights best as one stream or as several at once. Processors differ: one that
/// waits for few lines at a time needs several, one with strong prefetchers is slowed by them. Results are the same, so products of the
/// first pass serve as the measurement.
/// </summary>
internal sealed class StreamTuner
{
    // Smaller products may be in a cache.
    private const long LeastBytes = 2 << 20;

    private readonly double[][] _times = [new double[Samples], new double[Samples]];
    private int _taken;

    /// <summary>Products that each form is measured by.</summary>
    public const int Samples = 32;

    /// <summary>Panels that a tile goes over together once that is known.</summary>
    public int Panels { get; private set; } = 1;

    /// <summary>True once it is known.</summary>
    public bool IsSettled { get; private set; }

    /// <summary>Panels that the next product goes over together.</summary>
    /// <param name="bytes">Weights that it reads.</param>
    /// <param name="start">When it begins; 0 if nothing is learned from it.</param>
    public int Begin(long bytes, out long start)
    {
        start = 0;
        if (IsSettled || bytes < LeastBytes) return Panels;
        start = Stopwatch.GetTimestamp();
        return Form() == 0 ? 1 : PanelCall.MaxPanels;
    }

    /// <summary>Learns from a product.</summary>
    public void End(long bytes, long start)
    {
        if (start != 0) Add(Stopwatch.GetTimestamp() - start, bytes);
    }

    /// <summary>Ends the measuring with what a caller wants.</summary>
    public void Settle(int panels) => (Panels, IsSettled) = (panels, true);

    /// <summary>Learns what a product took in the form whose turn it was.</summary>
    internal void Add(double time, long bytes)
    {
        _times[Form()][_taken / 2] = time / bytes;
        if (++_taken == 2 * Samples) Settle(Median(_times[0]) <= Median(_times[1]) ? 1 : PanelCall.MaxPanels);
    }

    // A layer's products come in a fixed order; the turns of this sequence keep step with no period, and give each form its half of every
    // kind. Of each two neighbours one is even and one odd.
    private int Form() => BitOperations.PopCount((uint)_taken) & 1;

    private static double Median(double[] values)
    {
        Array.Sort(values);
        return values[values.Length / 2];
    }
}
