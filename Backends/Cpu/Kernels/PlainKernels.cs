namespace Switchyard.Backends.Cpu.Kernels;

/// <summary>Matrix products of plain formats: lanes hold outputs, every lane is one chain over ascending inputs.</summary>
/// <remarks>
/// Tiles are rows by panels, as many chains as registers hold; which tile a row falls into changes no chain. An odd rest of rows or
/// panels takes a smaller tile.
/// </remarks>
internal static unsafe class PlainKernels<T, TFormat>
    where T : unmanaged, ILanes<T>
    where TFormat : IPlainFormat
{
    public static void Run(PanelCall* call)
    {
        int row = 0;
        for (; row <= call->Rows - 6; row += 6)
            for (int panel = 0; panel < call->Panels; panel++) Rows6(call, panel, row);
        switch (call->Rows - row)
        {
            case 5: Each(call, row, 3); Pairs(call, row + 3, 2); break;
            case 4: Each(call, row, 4); break;
            case 3: Each(call, row, 3); break;
            case 2: Pairs(call, row, 2); break;
            case 1: Pairs(call, row, 1); break;
            default: break;
        }
    }

    private static void Each(PanelCall* call, int row, int rows)
    {
        for (int panel = 0; panel < call->Panels; panel++)
        {
            if (rows == 4) Rows4(call, panel, row);
            else Rows3(call, panel, row);
        }
    }

    private static void Pairs(PanelCall* call, int row, int rows)
    {
        int panel = 0;
        if (rows == 1) for (; panel <= call->Panels - 4; panel += 4) Panels4(call, panel, row);
        for (; panel <= call->Panels - 2; panel += 2)
        {
            if (rows == 2) Rows2Panels2(call, panel, row);
            else Panels2(call, panel, row);
        }
        for (; panel < call->Panels; panel++)
            for (int i = 0; i < rows; i++) Single(call, panel, row + i);
    }

    private static void Single(PanelCall* call, int panel, int row)
    {
        byte* w = call->Panel + panel * call->PanelBytes;
        float* x = call->X[row];
        T sum = T.Create(0);
        for (int k = 0; k < call->InDim; k++, w += TFormat.Bytes) sum = T.Fma(T.Create(x[k]), TFormat.Load<T>(w), sum);
        sum.Store(call->SumsOf(panel, row));
    }

    private static void Panels2(PanelCall* call, int panel, int row)
    {
        byte* w0 = call->Panel + panel * call->PanelBytes, w1 = w0 + call->PanelBytes;
        float* x = call->X[row];
        T a = T.Create(0), b = T.Create(0);
        nint at = 0;
        for (int k = 0, inDim = call->InDim; k < inDim; k++, at += TFormat.Bytes)
        {
            T v = T.Create(x[k]);
            a = T.Fma(v, TFormat.Load<T>(w0 + at), a);
            b = T.Fma(v, TFormat.Load<T>(w1 + at), b);
        }
        a.Store(call->SumsOf(panel, row));
        b.Store(call->SumsOf(panel + 1, row));
    }

    private static void Rows2Panels2(PanelCall* call, int panel, int row)
    {
        byte* w0 = call->Panel + panel * call->PanelBytes, w1 = w0 + call->PanelBytes;
        float* x0 = call->X[row], x1 = call->X[row + 1];
        T a = T.Create(0), b = T.Create(0), c = T.Create(0), d = T.Create(0);
        nint at = 0;
        for (int k = 0, inDim = call->InDim; k < inDim; k++, at += TFormat.Bytes)
        {
            Prefetch.Ahead(w0 + at);
            Prefetch.Ahead(w1 + at);
            T u = T.Create(x0[k]), v = T.Create(x1[k]), w = TFormat.Load<T>(w0 + at);
            a = T.Fma(u, w, a);
            b = T.Fma(v, w, b);
            w = TFormat.Load<T>(w1 + at);
            c = T.Fma(u, w, c);
            d = T.Fma(v, w, d);
        }
        a.Store(call->SumsOf(panel, row));
        b.Store(call->SumsOf(panel, row + 1));
        c.Store(call->SumsOf(panel + 1, row));
        d.Store(call->SumsOf(panel + 1, row + 1));
    }

    private static void Panels4(PanelCall* call, int panel, int row)
    {
        byte* w0 = call->Panel + panel * call->PanelBytes, w1 = w0 + call->PanelBytes, w2 = w1 + call->PanelBytes, w3 = w2 + call->PanelBytes;
        float* x = call->X[row];
        T a = T.Create(0), b = T.Create(0), c = T.Create(0), d = T.Create(0);
        nint at = 0;
        for (int k = 0, inDim = call->InDim; k < inDim; k++, at += TFormat.Bytes)
        {
            T v = T.Create(x[k]);
            Prefetch.Ahead(w0 + at);
            Prefetch.Ahead(w1 + at);
            Prefetch.Ahead(w2 + at);
            Prefetch.Ahead(w3 + at);
            a = T.Fma(v, TFormat.Load<T>(w0 + at), a);
            b = T.Fma(v, TFormat.Load<T>(w1 + at), b);
            c = T.Fma(v, TFormat.Load<T>(w2 + at), c);
            d = T.Fma(v, TFormat.Load<T>(w3 + at), d);
        }
        a.Store(call->SumsOf(panel, row));
        b.Store(call->SumsOf(panel + 1, row));
        c.Store(call->SumsOf(panel + 2, row));
        d.Store(call->SumsOf(panel + 3, row));
    }

    private static void Rows3(PanelCall* call, int panel, int row)
    {
        byte* w = call->Panel + panel * call->PanelBytes;
        float* x0 = call->X[row], x1 = call->X[row + 1], x2 = call->X[row + 2];
        T a = T.Create(0), b = T.Create(0), c = T.Create(0);
        for (int k = 0, inDim = call->InDim; k < inDim; k++, w += TFormat.Bytes)
        {
            Prefetch.Ahead(w);
            T v = TFormat.Load<T>(w);
            a = T.Fma(T.Create(x0[k]), v, a);
            b = T.Fma(T.Create(x1[k]), v, b);
            c = T.Fma(T.Create(x2[k]), v, c);
        }
        a.Store(call->SumsOf(panel, row));
        b.Store(call->SumsOf(panel, row + 1));
        c.Store(call->SumsOf(panel, row + 2));
    }

    private static void Rows4(PanelCall* call, int panel, int row)
    {
        byte* w = call->Panel + panel * call->PanelBytes;
        float* x0 = call->X[row], x1 = call->X[row + 1], x2 = call->X[row + 2], x3 = call->X[row + 3];
        T a = T.Create(0), b = T.Create(0), c = T.Create(0), d = T.Create(0);
        for (int k = 0, inDim = call->InDim; k < inDim; k++, w += TFormat.Bytes)
        {
            Prefetch.Ahead(w);
            T v = TFormat.Load<T>(w);
            a = T.Fma(T.Create(x0[k]), v, a);
            b = T.Fma(T.Create(x1[k]), v, b);
            c = T.Fma(T.Create(x2[k]), v, c);
            d = T.Fma(T.Create(x3[k]), v, d);
        }
        a.Store(call->SumsOf(panel, row));
        b.Store(call->SumsOf(panel, row + 1));
        c.Store(call->SumsOf(panel, row + 2));
        d.Store(call->SumsOf(panel, row + 3));
    }

    private static void Rows6(PanelCall* call, int panel, int row)
    {
        byte* w = call->Panel + panel * call->PanelBytes;
        float* x0 = call->X[row], x1 = call->X[row + 1], x2 = call->X[row + 2], x3 = call->X[row + 3], x4 = call->X[row + 4], x5 = call->X[row + 5];
        T a = T.Create(0), b = T.Create(0), c = T.Create(0), d = T.Create(0), e = T.Create(0), f = T.Create(0);
        for (int k = 0, inDim = call->InDim; k < inDim; k++, w += TFormat.Bytes)
        {
            Prefetch.Ahead(w);
            T v = TFormat.Load<T>(w);
            a = T.Fma(T.Create(x0[k]), v, a);
            b = T.Fma(T.Create(x1[k]), v, b);
            c = T.Fma(T.Create(x2[k]), v, c);
            d = T.Fma(T.Create(x3[k]), v, d);
            e = T.Fma(T.Create(x4[k]), v, e);
            f = T.Fma(T.Create(x5[k]), v, f);
        }
        a.Store(call->SumsOf(panel, row));
        b.Store(call->SumsOf(panel, row + 1));
        c.Store(call->SumsOf(panel, row + 2));
        d.Store(call->SumsOf(panel, row + 3));
        e.Store(call->SumsOf(panel, row + 4));
        f.Store(call->SumsOf(panel, row + 5));
    }
}
