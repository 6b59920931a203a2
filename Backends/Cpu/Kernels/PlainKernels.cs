using System.Runtime.CompilerServices;

namespace Switchyard.Backends.Cpu.Kernels;

/// <summary>Matrix products of plain formats: lanes hold outputs, every lane is one chain over ascending inputs.</summary>
/// <remarks>
/// Tiles are rows by panels, as many chains as registers hold; which tile a row falls into changes no chain.
/// </remarks>
internal readonly unsafe struct PlainKernels<T, TFormat> : ITileKernel
    where T : unmanaged, ILanes<T>
    where TFormat : IPlainFormat
{
    /// <summary>Rows of a tile: with two panels of one vector each, or one panel of two, as many chains as hide their latency and registers hold.</summary>
    public static int TileRows => T.Vectors == 1 ? 8 : 6;

    public static int TilePanels
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => T.Vectors == 1 ? 2 : 1;
    }

    public static int SliceInputs => 16 * 1024 / (TFormat.Bytes * TilePanels);

    public static int TurnBytes => TFormat.Bytes;

    public static int UnpackedBytes => 0;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Unpack(PanelCall* call, int panel)
    {
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static long SpanBytes(int inputs) => (long)inputs * TFormat.Bytes;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Run(PanelCall* call)
    {
        if (call->Rows > PanelCall.MostPlainStreamRows || call->StreamPanels == 1)
        {
            TiledPanels<PlainKernels<T, TFormat>>.Run(call);
            return;
        }
        int panel = 0;
        nint distance = call->StreamPanels == 2 ? Prefetch.PairDistance : Prefetch.StreamDistance;
        if (call->Rows == 1 && call->StreamPanels > 2) for (; panel <= call->Panels - 4; panel += 4) Panels4(call, panel);
        for (; panel <= call->Panels - 2; panel += 2)
        {
            if (call->Rows == 2) Rows2Panels2(call, panel, distance);
            else Panels2(call, panel, distance);
        }
        if (panel == call->Panels) return;
        (call->Begin, call->End) = (0, call->InDim);
        if (call->Rows == 2) Tile<Rows2, Streams>(call, panel, 0);
        else Tile<Rows1, Streams>(call, panel, 0);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Tile<TRows, TReading>(PanelCall* call, int panel, int row)
        where TRows : unmanaged, IRowCount
        where TReading : unmanaged, IReading
    {
        if (sizeof(TReading) == sizeof(Streams)) for (; panel < call->Panels; panel++) OfPanel<TRows, TReading>(call, panel, row);
        else if (TilePanels == 2 && panel + 1 < call->Panels) OfPair<TRows>(call, panel, row);
        else OfPanel<TRows, TReading>(call, panel, row);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void OfPanel<TRows, TReading>(PanelCall* call, int panel, int row)
        where TRows : unmanaged, IRowCount
        where TReading : unmanaged, IReading
    {
        bool streams = sizeof(TReading) == sizeof(Streams);
        byte* w = call->Panel + panel * call->PanelBytes + SpanBytes(call->Begin), ahead = streams ? w + Prefetch.Distance : call->Ahead;
        nint step = streams ? TFormat.Bytes : call->AheadStep;
        float** x = call->X + row;
        float* xa = x[0], xb = sizeof(TRows) > 1 ? x[1] : null, xc = sizeof(TRows) > 2 ? x[2] : null, xd = sizeof(TRows) > 3 ? x[3] : null;
        float* xe = sizeof(TRows) > 4 ? x[4] : null, xf = sizeof(TRows) > 5 ? x[5] : null, xg = sizeof(TRows) > 6 ? x[6] : null, xh = sizeof(TRows) > 7 ? x[7] : null;
        float* sums = call->SumsOf(panel, row);
        T zero = T.Create(0), a = zero, b = zero, c = zero, d = zero, e = zero, f = zero, g = zero, h = zero;
        if (call->Begin > 0)
        {
            a = Sum(sums, 0);
            if (sizeof(TRows) > 1) b = Sum(sums, 1);
            if (sizeof(TRows) > 2) c = Sum(sums, 2);
            if (sizeof(TRows) > 3) d = Sum(sums, 3);
            if (sizeof(TRows) > 4) e = Sum(sums, 4);
            if (sizeof(TRows) > 5) f = Sum(sums, 5);
            if (sizeof(TRows) > 6) g = Sum(sums, 6);
            if (sizeof(TRows) > 7) h = Sum(sums, 7);
        }
        nint end = call->End;
        for (nint k = call->Begin; k < end; k++, w += TFormat.Bytes, ahead += step)
        {
            Prefetch.Line(ahead);
            T v = TFormat.Load<T>(w);
            T.AddProduct(ref a, v, xa + k);
            if (sizeof(TRows) > 1) T.AddProduct(ref b, v, xb + k);
            if (sizeof(TRows) > 2) T.AddProduct(ref c, v, xc + k);
            if (sizeof(TRows) > 3) T.AddProduct(ref d, v, xd + k);
            if (sizeof(TRows) > 4) T.AddProduct(ref e, v, xe + k);
            if (sizeof(TRows) > 5) T.AddProduct(ref f, v, xf + k);
            if (sizeof(TRows) > 6) T.AddProduct(ref g, v, xg + k);
            if (sizeof(TRows) > 7) T.AddProduct(ref h, v, xh + k);
        }
        a.Store(sums + 0 * PanelCall.SumStride);
        if (sizeof(TRows) > 1) b.Store(sums + 1 * PanelCall.SumStride);
        if (sizeof(TRows) > 2) c.Store(sums + 2 * PanelCall.SumStride);
        if (sizeof(TRows) > 3) d.Store(sums + 3 * PanelCall.SumStride);
        if (sizeof(TRows) > 4) e.Store(sums + 4 * PanelCall.SumStride);
        if (sizeof(TRows) > 5) f.Store(sums + 5 * PanelCall.SumStride);
        if (sizeof(TRows) > 6) g.Store(sums + 6 * PanelCall.SumStride);
        if (sizeof(TRows) > 7) h.Store(sums + 7 * PanelCall.SumStride);
    }

    // Two panels at once: twice the chains, and every activation that is loaded serves two products.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void OfPair<TRows>(PanelCall* call, int panel, int row)
        where TRows : unmanaged, IRowCount
    {
        nint next = (nint)call->PanelBytes, step = call->AheadStep;
        byte* w = call->Panel + panel * next + SpanBytes(call->Begin), ahead = call->Ahead;
        float** x = call->X + row;
        float* xa = x[0], xb = sizeof(TRows) > 1 ? x[1] : null, xc = sizeof(TRows) > 2 ? x[2] : null, xd = sizeof(TRows) > 3 ? x[3] : null;
        float* xe = sizeof(TRows) > 4 ? x[4] : null, xf = sizeof(TRows) > 5 ? x[5] : null, xg = sizeof(TRows) > 6 ? x[6] : null, xh = sizeof(TRows) > 7 ? x[7] : null;
        float* sums = call->SumsOf(panel, row), sums2 = sums + PanelLayout.Outputs;
        T zero = T.Create(0), a = zero, b = zero, c = zero, d = zero, e = zero, f = zero, g = zero, h = zero;
        T a2 = zero, b2 = zero, c2 = zero, d2 = zero, e2 = zero, f2 = zero, g2 = zero, h2 = zero;
        if (call->Begin > 0)
        {
            (a, a2) = (Sum(sums, 0), Sum(sums2, 0));
            if (sizeof(TRows) > 1) (b, b2) = (Sum(sums, 1), Sum(sums2, 1));
            if (sizeof(TRows) > 2) (c, c2) = (Sum(sums, 2), Sum(sums2, 2));
            if (sizeof(TRows) > 3) (d, d2) = (Sum(sums, 3), Sum(sums2, 3));
            if (sizeof(TRows) > 4) (e, e2) = (Sum(sums, 4), Sum(sums2, 4));
            if (sizeof(TRows) > 5) (f, f2) = (Sum(sums, 5), Sum(sums2, 5));
            if (sizeof(TRows) > 6) (g, g2) = (Sum(sums, 6), Sum(sums2, 6));
            if (sizeof(TRows) > 7) (h, h2) = (Sum(sums, 7), Sum(sums2, 7));
        }
        nint end = call->End;
        for (nint k = call->Begin; k < end; k++, w += TFormat.Bytes, ahead += step)
        {
            Prefetch.Line(ahead);
            Prefetch.Line(ahead + next);
            T u = TFormat.Load<T>(w), v = TFormat.Load<T>(w + next);
            T.AddProducts(ref a, ref a2, u, v, xa + k);
            if (sizeof(TRows) > 1) T.AddProducts(ref b, ref b2, u, v, xb + k);
            if (sizeof(TRows) > 2) T.AddProducts(ref c, ref c2, u, v, xc + k);
            if (sizeof(TRows) > 3) T.AddProducts(ref d, ref d2, u, v, xd + k);
            if (sizeof(TRows) > 4) T.AddProducts(ref e, ref e2, u, v, xe + k);
            if (sizeof(TRows) > 5) T.AddProducts(ref f, ref f2, u, v, xf + k);
            if (sizeof(TRows) > 6) T.AddProducts(ref g, ref g2, u, v, xg + k);
            if (sizeof(TRows) > 7) T.AddProducts(ref h, ref h2, u, v, xh + k);
        }
        Store(a, a2, sums + 0 * PanelCall.SumStride);
        if (sizeof(TRows) > 1) Store(b, b2, sums + 1 * PanelCall.SumStride);
        if (sizeof(TRows) > 2) Store(c, c2, sums + 2 * PanelCall.SumStride);
        if (sizeof(TRows) > 3) Store(d, d2, sums + 3 * PanelCall.SumStride);
        if (sizeof(TRows) > 4) Store(e, e2, sums + 4 * PanelCall.SumStride);
        if (sizeof(TRows) > 5) Store(f, f2, sums + 5 * PanelCall.SumStride);
        if (sizeof(TRows) > 6) Store(g, g2, sums + 6 * PanelCall.SumStride);
        if (sizeof(TRows) > 7) Store(h, h2, sums + 7 * PanelCall.SumStride);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store(T first, T second, float* sums)
    {
        first.Store(sums);
        second.Store(sums + PanelLayout.Outputs);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static T Sum(float* sums, int row) => T.Load(sums + row * PanelCall.SumStride);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Panels2(PanelCall* call, int panel, nint distance)
    {
        byte* w0 = call->Panel + panel * call->PanelBytes, w1 = w0 + call->PanelBytes;
        float* x = call->X[0];
        T a = T.Create(0), b = T.Create(0);
        nint at = 0;
        for (int k = 0, inDim = call->InDim; k < inDim; k++, at += TFormat.Bytes)
        {
            Prefetch.Line(w0 + at + distance);
            Prefetch.Line(w1 + at + distance);
            T.AddProducts(ref a, ref b, TFormat.Load<T>(w0 + at), TFormat.Load<T>(w1 + at), x + k);
        }
        a.Store(call->SumsOf(panel, 0));
        b.Store(call->SumsOf(panel + 1, 0));
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Rows2Panels2(PanelCall* call, int panel, nint distance)
    {
        byte* w0 = call->Panel + panel * call->PanelBytes, w1 = w0 + call->PanelBytes;
        float* x0 = call->X[0], x1 = call->X[1];
        T a = T.Create(0), b = T.Create(0), c = T.Create(0), d = T.Create(0);
        nint at = 0;
        for (int k = 0, inDim = call->InDim; k < inDim; k++, at += TFormat.Bytes)
        {
            Prefetch.Line(w0 + at + distance);
            Prefetch.Line(w1 + at + distance);
            T u = TFormat.Load<T>(w0 + at), v = TFormat.Load<T>(w1 + at);
            T.AddProducts(ref a, ref c, u, v, x0 + k);
            T.AddProducts(ref b, ref d, u, v, x1 + k);
        }
        a.Store(call->SumsOf(panel, 0));
        b.Store(call->SumsOf(panel, 1));
        c.Store(call->SumsOf(panel + 1, 0));
        d.Store(call->SumsOf(panel + 1, 1));
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Panels4(PanelCall* call, int panel)
    {
        byte* w0 = call->Panel + panel * call->PanelBytes, w1 = w0 + call->PanelBytes, w2 = w1 + call->PanelBytes, w3 = w2 + call->PanelBytes;
        float* x = call->X[0];
        T a = T.Create(0), b = T.Create(0), c = T.Create(0), d = T.Create(0);
        nint at = 0;
        for (int k = 0, inDim = call->InDim; k < inDim; k++, at += TFormat.Bytes)
        {
            T v = T.Create(x[k]);
            Prefetch.Ahead(w0 + at);
            Prefetch.Ahead(w1 + at);
            Prefetch.Ahead(w2 + at);
            Prefetch.Ahead(w3 + at);
            T.AddProduct(ref a, v, TFormat.Load<T>(w0 + at));
            T.AddProduct(ref b, v, TFormat.Load<T>(w1 + at));
            T.AddProduct(ref c, v, TFormat.Load<T>(w2 + at));
            T.AddProduct(ref d, v, TFormat.Load<T>(w3 + at));
        }
        a.Store(call->SumsOf(panel, 0));
        b.Store(call->SumsOf(panel + 1, 0));
        c.Store(call->SumsOf(panel + 2, 0));
        d.Store(call->SumsOf(panel + 3, 0));
    }
}
