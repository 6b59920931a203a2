using System.Numerics;
using System.Runtime.CompilerServices;
using Switchyard.Tensor;

namespace Switchyard.Backends.Cpu.Kernels;

/// <summary>Attention of queries over one tile of sixteen positions, for any form of sixteen lanes (docs/numerics.md).</summary>
/// <remarks>Scores: lanes hold positions. Outputs: lanes hold dimensions. Neither is ever summed across lanes here.</remarks>
internal static unsafe class AttentionKernels<T>
    where T : unmanaged, ILanes<T>
{
    private const int Lanes = KvShape.PageSize;

    /// <summary>Queries whose scores one pass over the keys computes.</summary>
    public const int Together = 4;

    public static void Begin(AttentionQuery* query, int headDim)
    {
        query->Maximum = float.NegativeInfinity;
        new Span<float>(query->State, Lanes + headDim).Clear();
    }

    /// <summary>Lets queries see a tile.</summary>
    /// <param name="queries">Up to <see cref="Together"/> queries.</param>
    /// <param name="visible">For each query the lanes that it sees; at least one.</param>
    /// <param name="count">How many queries.</param>
    /// <param name="tile">Keys and values.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Tile(AttentionQuery** queries, uint* visible, int count, AttentionTile* tile)
    {
        int headDim = tile->HeadDim;
        float* weights = stackalloc float[Together * Lanes];
        if (count == Together) Scores4(queries, tile, weights);
        else for (int i = 0; i < count; i++) Scores1(queries[i]->Q, tile, weights + i * Lanes);
        uint common = visible[0], any = visible[0];
        for (int i = 0; i < count; i++)
        {
            Weigh(queries[i], visible[i], headDim, weights + i * Lanes);
            (common, any) = (common & visible[i], any | visible[i]);
        }
        if (count == Together && common == any) Outputs4(queries, common, weights, tile);
        else for (int i = 0; i < count; i++) Outputs(queries[i]->State + Lanes, visible[i], 0, headDim, weights + i * Lanes, tile->Values);
    }

    /// <summary>Divides by the sum of weights; a query that saw nothing gives zeros.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void End(AttentionQuery* query, int headDim)
    {
        float sum = CanonicalMath.SumLanes(new ReadOnlySpan<float>(query->State, Lanes));
        float* output = query->State + Lanes;
        if (sum == 0)
        {
            new Span<float>(query->Y, headDim).Clear();
            return;
        }
        T divisor = T.Create(sum);
        int d = 0;
        for (; d <= headDim - Lanes; d += Lanes) (T.Load(output + d) / divisor).Store(query->Y + d);
        for (; d < headDim; d++) query->Y[d] = output[d] / sum;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Scores1(float* q, AttentionTile* tile, float* scores)
    {
        T s = T.Create(0);
        for (int d = 0; d < tile->HeadDim; d++) T.AddProduct(ref s, T.Load(tile->Keys + d * Lanes), q + d);
        (s * T.Create(tile->Scale)).Store(scores);
    }

    // Four chains at once hide the latency of the fused multiply-add and share the reading of the keys.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Scores4(AttentionQuery** queries, AttentionTile* tile, float* scores)
    {
        int headDim = tile->HeadDim;
        nint step = tile->AheadStep;
        float* keys = tile->Keys;
        byte* ahead = tile->KeysAhead;
        float* qa = queries[0]->Q, qb = queries[1]->Q, qc = queries[2]->Q, qd = queries[3]->Q;
        T a = T.Create(0), b = T.Create(0), c = T.Create(0), e = T.Create(0);
        for (int d = 0; d < headDim; d++, keys += Lanes, ahead += step)
        {
            Prefetch.Line(ahead);
            T k = T.Load(keys);
            T.AddProduct(ref a, k, qa + d);
            T.AddProduct(ref b, k, qb + d);
            T.AddProduct(ref c, k, qc + d);
            T.AddProduct(ref e, k, qd + d);
        }
        T factor = T.Create(tile->Scale);
        (a * factor).Store(scores);
        (b * factor).Store(scores + Lanes);
        (c * factor).Store(scores + 2 * Lanes);
        (e * factor).Store(scores + 3 * Lanes);
    }

    // Turns scores into weights, and scales what there is if the maximum grew; if it did not, the factor would be 1.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Weigh(AttentionQuery* query, uint visible, int headDim, float* weights)
    {
        T s = T.Select(visible, T.Load(weights), float.NegativeInfinity); // then Exp gives 0, which leaves a sum as it is
        float largest = T.Largest(s);
        if (!(largest <= query->Maximum))
        {
            Rescale(query->State, Lanes + headDim, CanonicalMath.Exp(query->Maximum - largest));
            query->Maximum = largest;
        }
        T p = T.Select(visible, T.Exp(s - T.Create(query->Maximum)), 0);
        p.Store(weights);
        (T.Load(query->State) + p).Store(query->State);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Rescale(float* state, int count, float correction)
    {
        T factor = T.Create(correction);
        int i = 0;
        for (; i <= count - Lanes; i += Lanes) (T.Load(state + i) * factor).Store(state + i);
        for (; i < count; i++) state[i] *= correction;
    }

    // Values are read once for four queries; four chains hide the latency of the fused multiply-add.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Outputs4(AttentionQuery** queries, uint visible, float* weights, AttentionTile* tile)
    {
        int headDim = tile->HeadDim;
        nint step = tile->AheadStep;
        float* values = tile->Values;
        byte* ahead = tile->ValuesAhead;
        float* oa = queries[0]->State + Lanes, ob = queries[1]->State + Lanes, oc = queries[2]->State + Lanes, oe = queries[3]->State + Lanes;
        int d = 0;
        for (; d <= headDim - Lanes; d += Lanes)
        {
            T a = T.Load(oa + d), b = T.Load(ob + d), c = T.Load(oc + d), e = T.Load(oe + d);
            for (uint rest = visible; rest != 0; rest &= rest - 1, ahead += step)
            {
                Prefetch.Line(ahead);
                int lane = BitOperations.TrailingZeroCount(rest);
                float* p = weights + lane;
                T v = T.Load(values + lane * headDim + d);
                T.AddProduct(ref a, v, p);
                T.AddProduct(ref b, v, p + Lanes);
                T.AddProduct(ref c, v, p + 2 * Lanes);
                T.AddProduct(ref e, v, p + 3 * Lanes);
            }
            a.Store(oa + d);
            b.Store(ob + d);
            c.Store(oc + d);
            e.Store(oe + d);
        }
        if (d == headDim) return;
        for (int i = 0; i < Together; i++) Outputs(queries[i]->State + Lanes, visible, d, headDim, weights + i * Lanes, values);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Outputs(float* output, uint visible, int d, int headDim, float* weights, float* values)
    {
        for (; d <= headDim - 4 * Lanes; d += 4 * Lanes)
        {
            T a = T.Load(output + d), b = T.Load(output + d + Lanes), c = T.Load(output + d + 2 * Lanes), e = T.Load(output + d + 3 * Lanes);
            for (uint rest = visible; rest != 0; rest &= rest - 1)
            {
                int lane = BitOperations.TrailingZeroCount(rest);
                float* p = weights + lane, v = values + lane * headDim + d;
                T.AddProduct(ref a, T.Load(v), p);
                T.AddProduct(ref b, T.Load(v + Lanes), p);
                T.AddProduct(ref c, T.Load(v + 2 * Lanes), p);
                T.AddProduct(ref e, T.Load(v + 3 * Lanes), p);
            }
            a.Store(output + d);
            b.Store(output + d + Lanes);
            c.Store(output + d + 2 * Lanes);
            e.Store(output + d + 3 * Lanes);
        }
        for (; d <= headDim - Lanes; d += Lanes)
        {
            T a = T.Load(output + d);
            for (uint rest = visible; rest != 0; rest &= rest - 1)
            {
                int lane = BitOperations.TrailingZeroCount(rest);
                T.AddProduct(ref a, T.Load(values + lane * headDim + d), weights + lane);
            }
            a.Store(output + d);
        }
        for (; d < headDim; d++)
        {
            for (uint rest = visible; rest != 0; rest &= rest - 1)
            {
                int lane = BitOperations.TrailingZeroCount(rest);
                output[d] = MathF.FusedMultiplyAdd(weights[lane], values[lane * headDim + d], output[d]);
            }
        }
    }
}
