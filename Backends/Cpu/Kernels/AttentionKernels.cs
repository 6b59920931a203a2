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
    private const uint AllLanes = (1u << Lanes) - 1;

    /// <summary><see cref="Together"/> at most, whatever the form.</summary>
    public const int MostTogether = 8;

    /// <summary>Queries that go over a tile together: as many as hide the latency of a chain and leave registers for what they share.</summary>
    public static int Together => T.Vectors == 1 ? MostTogether : 4;

    public static void Begin(AttentionQuery* query, int headDim)
    {
        query->Maximum = float.NegativeInfinity;
        new Span<float>(query->State, Lanes + headDim).Clear();
    }

    /// <summary>Lets queries see a tile.</summary>
    /// <param name="queries">Up to <see cref="Together"/> queries, in room for <see cref="MostTogether"/>.</param>
    /// <param name="visible">For each query the lanes that it sees; at least one.</param>
    /// <param name="count">How many queries.</param>
    /// <param name="tile">Keys and values.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Tile(AttentionQuery** queries, uint* visible, int count, AttentionTile* tile)
    {
        int headDim = tile->HeadDim;
        float* weights = stackalloc float[MostTogether * Lanes];
        // Chains wait for themselves: four or eight take as long as one, so that places left over repeat a query for nothing.
        for (int i = count; i < MostTogether; i++) queries[i] = queries[0];
        if (count > 4) Scores8(queries, tile, weights);
        else if (count > 1) Scores4(queries, tile, weights);
        else Scores1(queries[0]->Q, tile, weights);
        uint common = visible[0], any = visible[0];
        for (int i = 0; i < count; i++)
        {
            Weigh(queries[i], visible[i], headDim, weights + i * Lanes);
            (common, any) = (common & visible[i], any | visible[i]);
        }
        if (common == any && count > 1 && T.Vectors == 1) OutputPairs(count, queries, common, weights, tile);
        else if (common == any && count == 4) Outputs4(queries, common, weights, tile);
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

    // Eight chains: as many as hide the latency of one vector's fused multiply-add.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Scores8(AttentionQuery** queries, AttentionTile* tile, float* scores)
    {
        nint step = tile->AheadStep, headDim = tile->HeadDim;
        float* keys = tile->Keys;
        byte* ahead = tile->KeysAhead;
        float* qa = queries[0]->Q, qb = queries[1]->Q, qc = queries[2]->Q, qd = queries[3]->Q, qe = queries[4]->Q, qf = queries[5]->Q, qg = queries[6]->Q, qh = queries[7]->Q;
        T a = T.Create(0), b = T.Create(0), c = T.Create(0), d = T.Create(0), e = T.Create(0), f = T.Create(0), g = T.Create(0), h = T.Create(0);
        for (nint i = 0; i < headDim; i++, keys += Lanes, ahead += step)
        {
            Prefetch.Line(ahead);
            T k = T.Load(keys);
            T.AddProduct(ref a, k, qa + i);
            T.AddProduct(ref b, k, qb + i);
            T.AddProduct(ref c, k, qc + i);
            T.AddProduct(ref d, k, qd + i);
            T.AddProduct(ref e, k, qe + i);
            T.AddProduct(ref f, k, qf + i);
            T.AddProduct(ref g, k, qg + i);
            T.AddProduct(ref h, k, qh + i);
        }
        T factor = T.Create(tile->Scale);
        (a * factor).Store(scores);
        (b * factor).Store(scores + 1 * Lanes);
        (c * factor).Store(scores + 2 * Lanes);
        (d * factor).Store(scores + 3 * Lanes);
        (e * factor).Store(scores + 4 * Lanes);
        (f * factor).Store(scores + 5 * Lanes);
        (g * factor).Store(scores + 6 * Lanes);
        (h * factor).Store(scores + 7 * Lanes);
    }

    // Turns scores into weights, and scales what there is if the maximum grew; if it did not, the factor would be 1.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Weigh(AttentionQuery* query, uint visible, int headDim, float* weights)
    {
        T s = T.Load(weights);
        if (visible != AllLanes) s = T.Select(visible, s, float.NegativeInfinity); // then Exp gives 0, which leaves a sum as it is
        float largest = T.Largest(s);
        if (!(largest <= query->Maximum)) Rescale(query, Lanes + headDim, largest);
        T p = T.Exp(s - T.Create(query->Maximum));
        if (visible != AllLanes) p = T.Select(visible, p, 0);
        p.Store(weights);
        (T.Load(query->State) + p).Store(query->State);
    }

    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    private static void Rescale(AttentionQuery* query, int count, float largest)
    {
        float correction = CanonicalMath.Exp(query->Maximum - largest);
        float* state = query->State;
        query->Maximum = largest;
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
        for (int i = 0; i < 4; i++) Outputs(queries[i]->State + Lanes, visible, d, headDim, weights + i * Lanes, values);
    }

    private static void OutputPairs(int count, AttentionQuery** queries, uint visible, float* weights, AttentionTile* tile)
    {
        switch (count)
        {
            case 2: OutputPairs<Rows2>(queries, visible, weights, tile); break;
            case 3: OutputPairs<Rows3>(queries, visible, weights, tile); break;
            case 4: OutputPairs<Rows4>(queries, visible, weights, tile); break;
            case 5: OutputPairs<Rows5>(queries, visible, weights, tile); break;
            case 6: OutputPairs<Rows6>(queries, visible, weights, tile); break;
            case 7: OutputPairs<Rows7>(queries, visible, weights, tile); break;
            default: OutputPairs<Rows8>(queries, visible, weights, tile); break;
        }
    }

    // The same with two vectors of dimensions and up to eight queries: every weight and every value that is loaded serves several products.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void OutputPairs<TQueries>(AttentionQuery** queries, uint visible, float* weights, AttentionTile* tile)
        where TQueries : unmanaged, IRowCount
    {
        int headDim = tile->HeadDim, dim = 0;
        nint step = tile->AheadStep;
        float* values = tile->Values;
        byte* ahead = tile->ValuesAhead;
        for (; dim <= headDim - 2 * Lanes; dim += 2 * Lanes)
        {
            nint at = Lanes + dim;
            T zero = T.Create(0), a = zero, b = zero, c = zero, d = zero, e = zero, f = zero, g = zero, h = zero;
            T a2 = zero, b2 = zero, c2 = zero, d2 = zero, e2 = zero, f2 = zero, g2 = zero, h2 = zero;
            (a, a2) = (T.Load(queries[0]->State + at), T.Load(queries[0]->State + at + Lanes));
            (b, b2) = (T.Load(queries[1]->State + at), T.Load(queries[1]->State + at + Lanes));
            if (sizeof(TQueries) > 2) (c, c2) = (T.Load(queries[2]->State + at), T.Load(queries[2]->State + at + Lanes));
            if (sizeof(TQueries) > 3) (d, d2) = (T.Load(queries[3]->State + at), T.Load(queries[3]->State + at + Lanes));
            if (sizeof(TQueries) > 4) (e, e2) = (T.Load(queries[4]->State + at), T.Load(queries[4]->State + at + Lanes));
            if (sizeof(TQueries) > 5) (f, f2) = (T.Load(queries[5]->State + at), T.Load(queries[5]->State + at + Lanes));
            if (sizeof(TQueries) > 6) (g, g2) = (T.Load(queries[6]->State + at), T.Load(queries[6]->State + at + Lanes));
            if (sizeof(TQueries) > 7) (h, h2) = (T.Load(queries[7]->State + at), T.Load(queries[7]->State + at + Lanes));
            for (uint rest = visible; rest != 0; rest &= rest - 1, ahead += 2 * step)
            {
                Prefetch.Line(ahead);
                Prefetch.Line(ahead + step);
                int lane = BitOperations.TrailingZeroCount(rest);
                float* p = weights + lane, from = values + lane * headDim + dim;
                T u = T.Load(from), v = T.Load(from + Lanes);
                T.AddProducts(ref a, ref a2, u, v, p + 0 * Lanes);
                T.AddProducts(ref b, ref b2, u, v, p + 1 * Lanes);
                if (sizeof(TQueries) > 2) T.AddProducts(ref c, ref c2, u, v, p + 2 * Lanes);
                if (sizeof(TQueries) > 3) T.AddProducts(ref d, ref d2, u, v, p + 3 * Lanes);
                if (sizeof(TQueries) > 4) T.AddProducts(ref e, ref e2, u, v, p + 4 * Lanes);
                if (sizeof(TQueries) > 5) T.AddProducts(ref f, ref f2, u, v, p + 5 * Lanes);
                if (sizeof(TQueries) > 6) T.AddProducts(ref g, ref g2, u, v, p + 6 * Lanes);
                if (sizeof(TQueries) > 7) T.AddProducts(ref h, ref h2, u, v, p + 7 * Lanes);
            }
            Store(a, a2, queries[0]->State + at);
            Store(b, b2, queries[1]->State + at);
            if (sizeof(TQueries) > 2) Store(c, c2, queries[2]->State + at);
            if (sizeof(TQueries) > 3) Store(d, d2, queries[3]->State + at);
            if (sizeof(TQueries) > 4) Store(e, e2, queries[4]->State + at);
            if (sizeof(TQueries) > 5) Store(f, f2, queries[5]->State + at);
            if (sizeof(TQueries) > 6) Store(g, g2, queries[6]->State + at);
            if (sizeof(TQueries) > 7) Store(h, h2, queries[7]->State + at);
        }
        if (dim == headDim) return;
        for (int i = 0; i < sizeof(TQueries); i++) Outputs(queries[i]->State + Lanes, visible, dim, headDim, weights + i * Lanes, values);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store(T first, T second, float* to)
    {
        first.Store(to);
        second.Store(to + Lanes);
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
