using System.Runtime.CompilerServices;
using Switchyard.Tensor;

namespace Switchyard.Backends.Cpu.Kernels;

/// <summary>Norms, gates, rotations and reductions of one row, for any form of sixteen lanes (docs/numerics.md).</summary>
internal static unsafe class RowKernels<T>
    where T : unmanaged, ILanes<T>
{
    private const int Lanes = CanonicalMath.Lanes;

    /// <summary>y = gain ⊙ x / √(mean(x²) + eps) over <paramref name="count"/> elements. y may be x.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void RmsNorm(float* x, float* gain, float eps, int count, float* y)
    {
        float* buffer = stackalloc float[Lanes];
        T sums = T.Create(0);
        int whole = count & ~(Lanes - 1), rest = count - whole;
        for (int i = 0; i < whole; i += Lanes)
        {
            T v = T.Load(x + i);
            sums = T.Fma(v, v, sums);
        }
        if (rest > 0)
        {
            // Lanes past the end add 0 · 0, which leaves a sum of squares as it is.
            T v = LoadPart(x + whole, rest, buffer);
            sums = T.Fma(v, v, sums);
        }
        sums.Store(buffer);
        T inverse = T.Create(1f / MathF.Sqrt(CanonicalMath.SumLanes(new ReadOnlySpan<float>(buffer, Lanes)) / count + eps));
        for (int i = 0; i < whole; i += Lanes) (T.Load(x + i) * inverse * T.Load(gain + i)).Store(y + i);
        if (rest > 0) StorePart(LoadPart(x + whole, rest, buffer) * inverse * LoadPart(gain + whole, rest, buffer), y + whole, rest, buffer);
    }

    /// <summary>gate = silu(gate) ⊙ up.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void SwiGlu(float* gate, float* up, int count)
    {
        float* buffer = stackalloc float[Lanes];
        int whole = count & ~(Lanes - 1), rest = count - whole;
        for (int i = 0; i < whole; i += Lanes) (Silu(T.Load(gate + i)) * T.Load(up + i)).Store(gate + i);
        if (rest > 0) StorePart(Silu(LoadPart(gate + whole, rest, buffer)) * LoadPart(up + whole, rest, buffer), gate + whole, rest, buffer);
    }

    /// <summary>Turns one head: element i with element i + half.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Rope(float* head, float* cosines, float* sines, int half)
    {
        int whole = half & ~(Lanes - 1);
        for (int i = 0; i < whole; i += Lanes)
        {
            T a = T.Load(head + i), b = T.Load(head + half + i), cos = T.Load(cosines + i), sin = T.Load(sines + i);
            T.Fma(T.Create(-1) * b, sin, a * cos).Store(head + i);
            T.Fma(a, sin, b * cos).Store(head + half + i);
        }
        for (int i = whole; i < half; i++)
        {
            (float a, float b) = (head[i], head[half + i]);
            head[i] = MathF.FusedMultiplyAdd(-b, sines[i], a * cosines[i]);
            head[half + i] = MathF.FusedMultiplyAdd(a, sines[i], b * cosines[i]);
        }
    }

    /// <summary>Widens halves, a multiple of sixteen, exactly.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Widen(Half* from, int count, float* to)
    {
        for (int i = 0; i < count; i += Lanes) T.LoadHalf(from + i).Store(to + i);
    }

    /// <summary>The largest value of a row and log Σ exp; NaN for both if the row has one.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static (float Maximum, float LogSumExp) LogSumExp(float* x, int count)
    {
        float* buffer = stackalloc float[Lanes];
        float maximum = float.NegativeInfinity;
        int whole = count & ~(Lanes - 1);
        T largest = T.Create(maximum), infinity = T.Create(float.PositiveInfinity);
        for (int i = 0; i < whole; i += Lanes)
        {
            T v = T.Load(x + i);
            if (T.AnyNotLessOrEqual(v, infinity)) return (float.NaN, float.NaN);
            largest = T.Max(largest, v);
        }
        largest.Store(buffer);
        for (int i = 0; i < Lanes; i++) maximum = buffer[i] > maximum ? buffer[i] : maximum;
        for (int i = whole; i < count; i++)
        {
            if (float.IsNaN(x[i])) return (float.NaN, float.NaN);
            maximum = x[i] > maximum ? x[i] : maximum;
        }
        T sums = T.Create(0), shift = T.Create(maximum);
        for (int i = 0; i < whole; i += Lanes) sums += T.Exp(T.Load(x + i) - shift);
        sums.Store(buffer);
        for (int i = whole; i < count; i++) buffer[i - whole] += CanonicalMath.Exp(x[i] - maximum);
        float sum = CanonicalMath.SumLanes(new ReadOnlySpan<float>(buffer, Lanes));
        return (maximum, (float)((double)maximum + CanonicalMath.Log(sum)));
    }

    /// <summary>The largest values of a row without NaN, descending, ties by lower index.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void TopK(float* x, int count, Span<int> ids, Span<float> values)
    {
        int kept = 0; // a heap whose root is the worst value kept
        T worst = T.Create(float.NegativeInfinity);
        for (int i = 0; i < count; i += Lanes)
        {
            int end = Math.Min(count, i + Lanes);
            if (kept == ids.Length && end - i == Lanes && !T.AnyNotLessOrEqual(T.Load(x + i), worst)) continue;
            for (int k = i; k < end; k++) kept = Offer(ids, values, kept, k, x[k]);
            if (kept == ids.Length) worst = T.Create(values[0]);
        }
        for (int last = kept - 1; last > 0; last--)
        {
            (ids[0], ids[last], values[0], values[last]) = (ids[last], ids[0], values[last], values[0]);
            SiftDown(ids[..last], values[..last]);
        }
    }

    private static T Silu(T x) => x / (T.Create(1) + T.Exp(T.Create(-1) * x));

    private static T LoadPart(float* from, int count, float* buffer)
    {
        for (int i = 0; i < Lanes; i++) buffer[i] = i < count ? from[i] : 0;
        return T.Load(buffer);
    }

    private static void StorePart(T value, float* to, int count, float* buffer)
    {
        value.Store(buffer);
        for (int i = 0; i < count; i++) to[i] = buffer[i];
    }

    private static int Offer(Span<int> ids, Span<float> values, int kept, int id, float value)
    {
        if (kept < ids.Length)
        {
            int at = kept++;
            (ids[at], values[at]) = (id, value);
            for (; at > 0 && Worse(ids, values, at, (at - 1) / 2); at = (at - 1) / 2) Swap(ids, values, at, (at - 1) / 2);
        }
        else if (value > values[0]) // an equal value comes later, so it ranks lower
        {
            (ids[0], values[0]) = (id, value);
            SiftDown(ids, values);
        }
        return kept;
    }

    private static void SiftDown(Span<int> ids, Span<float> values)
    {
        for (int at = 0; ;)
        {
            int worst = at, left = 2 * at + 1;
            if (left < ids.Length && Worse(ids, values, left, worst)) worst = left;
            if (left + 1 < ids.Length && Worse(ids, values, left + 1, worst)) worst = left + 1;
            if (worst == at) return;
            Swap(ids, values, at, worst);
            at = worst;
        }
    }

    private static bool Worse(Span<int> ids, Span<float> values, int a, int b) =>
        values[a] < values[b] || (values[a] == values[b] && ids[a] > ids[b]);

    private static void Swap(Span<int> ids, Span<float> values, int a, int b) =>
        (ids[a], ids[b], values[a], values[b]) = (ids[b], ids[a], values[b], values[a]);
}
