using System.Diagnostics;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Switchyard.Backends.Cpu.Kernels;

/// <summary>The forms of the kernels that a backend uses, chosen once.</summary>
internal sealed unsafe class KernelTable
{
    private readonly int[] _tileRows = [.. Enumerable.Repeat(1, (int)PanelFormat.Q6K + 1)];
    private readonly delegate*<PanelCall*, void>[] _panel = new delegate*<PanelCall*, void>[(int)PanelFormat.Q6K + 1];

    /// <summary>Chooses the kernels of <paramref name="isa"/>, with AVX-512 those of AVX-VNNI where they are faster.</summary>
    public KernelTable(Isa isa, bool dotProducts)
    {
        Isa = isa;
        Quantize = isa == Isa.Vector128 ? &QuantizeKernels.Quantize128 : &QuantizeKernels.Quantize256;
        UseScalarPanels();
        switch (isa)
        {
            case Isa.Scalar: Quantize = &ScalarKernels.Quantize; UseLanes<LanesScalar>(); UsePlainScalar(); break;
            case Isa.Vector128: UseLanes<Lanes128>(); UseBytes<Bytes128, Lanes128>(); break;
            case Isa.Avx2: UseLanes<Lanes256>(); UseBytes<Bytes256, Lanes256>(); break;
            case Isa.AvxVnni: UseLanes<Lanes256>(); UseBytes<Bytes256Vnni, Lanes256>(); break;
            default: UseAvx512(dotProducts); break;
        }
    }

    public Isa Isa { get; }

    /// <summary>Rows that a tile of a format's kernel should have. It takes fewer as well, where formats share activations (<see cref="QuantizedRows"/>).</summary>
    public int TileRows(PanelFormat format) => _tileRows[(int)format];

    /// <summary>x, count, rows of the tile, where the row lies in it (<see cref="QuantizedRows.Row"/>).</summary>
    public delegate*<float*, int, int, QuantizedRows, void> Quantize { get; private set; }

    /// <summary>Halves, count (a multiple of 16), floats.</summary>
    public delegate*<Half*, int, float*, void> Widen { get; private set; }

    /// <summary>x, gain, eps, count, y.</summary>
    public delegate*<float*, float*, float, int, float*, void> RmsNorm { get; private set; }

    /// <summary>gate, up, count.</summary>
    public delegate*<float*, float*, int, void> SwiGlu { get; private set; }

    /// <summary>head, cosines, sines, half of its elements.</summary>
    public delegate*<float*, float*, float*, int, void> Rope { get; private set; }

    /// <summary>x, count; the maximum and log Σ exp.</summary>
    public delegate*<float*, int, (float Maximum, float LogSumExp)> LogSumExp { get; private set; }

    /// <summary>x, count, ids, values.</summary>
    public delegate*<float*, int, Span<int>, Span<float>, void> TopK { get; private set; }

    /// <summary>Query, elements of a head.</summary>
    public delegate*<AttentionQuery*, int, void> BeginAttention { get; private set; }

    /// <summary>Queries, what each sees, count, what they look at.</summary>
    public delegate*<AttentionQuery**, uint*, int, AttentionTile*, void> AttentionTile { get; private set; }

    /// <summary>Queries that <see cref="AttentionTile"/> takes at most, and best.</summary>
    public int AttentionTogether { get; private set; }

    /// <summary>Query, elements of a head.</summary>
    public delegate*<AttentionQuery*, int, void> EndAttention { get; private set; }

    /// <summary>The kernel for panels of a format.</summary>
    public delegate*<PanelCall*, void> Panel(PanelFormat format) => _panel[(int)format];

    /// <summary>The best form that this processor has.</summary>
    public static Isa Best()
    {
        if (Vector512.IsHardwareAccelerated && Avx512BW.IsSupported) return Isa.Avx512;
        if (Avx2.IsSupported && Fma.IsSupported) return AvxVnni.IsSupported ? Isa.AvxVnni : Isa.Avx2;
        return Vector128.IsHardwareAccelerated ? Isa.Vector128 : Isa.Scalar;
    }

    /// <summary>True if this processor can run kernels of a form.</summary>
    public static bool Supports(Isa isa) => isa switch
    {
        Isa.Scalar => true,
        Isa.Vector128 => Vector128.IsHardwareAccelerated,
        Isa.Avx2 => Avx2.IsSupported && Fma.IsSupported,
        Isa.AvxVnni => AvxVnni.IsSupported,
        _ => Vector512.IsHardwareAccelerated && Avx512BW.IsSupported,
    };

    private void UseLanes<T>()
        where T : unmanaged, ILanes<T>
    {
        Widen = &RowKernels<T>.Widen;
        RmsNorm = &RowKernels<T>.RmsNorm;
        SwiGlu = &RowKernels<T>.SwiGlu;
        Rope = &RowKernels<T>.Rope;
        LogSumExp = &RowKernels<T>.LogSumExp;
        TopK = &RowKernels<T>.TopK;
        BeginAttention = &AttentionKernels<T>.Begin;
        AttentionTile = &AttentionKernels<T>.Tile;
        AttentionTogether = AttentionKernels<T>.Together;
        EndAttention = &AttentionKernels<T>.End;
        foreach (PanelFormat format in (ReadOnlySpan<PanelFormat>)[PanelFormat.F32, PanelFormat.F16, PanelFormat.BF16]) _tileRows[(int)format] = PlainKernels<T, PlainF32>.TileRows;
        _panel[(int)PanelFormat.F32] = &PlainKernels<T, PlainF32>.Run;
        _panel[(int)PanelFormat.F16] = &PlainKernels<T, PlainF16>.Run;
        _panel[(int)PanelFormat.BF16] = &PlainKernels<T, PlainBF16>.Run;
    }

    private void UseBytes<TBytes, TLanes>()
        where TBytes : unmanaged, IBytes<TBytes, TLanes>
        where TLanes : unmanaged, ILanes<TLanes>
    {
        for (PanelFormat format = PanelFormat.S8; format <= PanelFormat.Q6K; format++) _tileRows[(int)format] = TBytes.TileRows;
        _panel[(int)PanelFormat.S8] = TBytes.Narrow ? &TiledPanels<SignedByteKernels<TBytes, TLanes>>.Run : &TiledPanels<BlockKernels<TBytes, TLanes, FormatS8>>.Run;
        _panel[(int)PanelFormat.N4] = &TiledPanels<BlockKernels<TBytes, TLanes, FormatN4>>.Run;
        _panel[(int)PanelFormat.U4] = &TiledPanels<BlockKernels<TBytes, TLanes, FormatU4>>.Run;
        _panel[(int)PanelFormat.U5] = &TiledPanels<BlockKernels<TBytes, TLanes, FormatU5>>.Run;
        _panel[(int)PanelFormat.Q4K] = &TiledPanels<BlockKernels<TBytes, TLanes, FormatQ4K>>.Run;
        _panel[(int)PanelFormat.Q5K] = &TiledPanels<BlockKernels<TBytes, TLanes, FormatQ5K>>.Run;
        _panel[(int)PanelFormat.Q6K] = &TiledPanels<BlockKernels<TBytes, TLanes, FormatQ6K>>.Run;
    }

    // Formats whose products are summed in 16 bits gain from 512-bit vectors; signed bytes, which are not, do better with vpdpbusd.
    private void UseAvx512(bool dotProducts)
    {
        UseLanes<Lanes512>();
        UseBytes<Bytes512, Lanes512>();
        if (!dotProducts) return;
        _tileRows[(int)PanelFormat.S8] = Bytes256Vnni.TileRows;
        _panel[(int)PanelFormat.S8] = &TiledPanels<BlockKernels<Bytes256Vnni, Lanes512, FormatS8>>.Run;
    }

    private void UsePlainScalar()
    {
        _panel[(int)PanelFormat.F32] = &ScalarF32;
        _panel[(int)PanelFormat.F16] = &ScalarF16;
        _panel[(int)PanelFormat.BF16] = &ScalarBF16;
    }

    private void UseScalarPanels()
    {
        _panel[(int)PanelFormat.S8] = &ScalarS8;
        _panel[(int)PanelFormat.N4] = &ScalarN4;
        _panel[(int)PanelFormat.U4] = &ScalarU4;
        _panel[(int)PanelFormat.U5] = &ScalarU5;
        _panel[(int)PanelFormat.Q4K] = &ScalarQ4K;
        _panel[(int)PanelFormat.Q5K] = &ScalarQ5K;
        _panel[(int)PanelFormat.Q6K] = &ScalarQ6K;
    }

    private static void ScalarF32(PanelCall* call) => ScalarKernels.Plain(PanelFormat.F32, call);

    private static void ScalarF16(PanelCall* call) => ScalarKernels.Plain(PanelFormat.F16, call);

    private static void ScalarBF16(PanelCall* call) => ScalarKernels.Plain(PanelFormat.BF16, call);

    private static void ScalarS8(PanelCall* call) => ScalarKernels.Blocks(PanelFormat.S8, call);

    private static void ScalarN4(PanelCall* call) => ScalarKernels.Blocks(PanelFormat.N4, call);

    private static void ScalarU4(PanelCall* call) => ScalarKernels.Blocks(PanelFormat.U4, call);

    private static void ScalarU5(PanelCall* call) => ScalarKernels.Blocks(PanelFormat.U5, call);

    private static void ScalarQ4K(PanelCall* call) => ScalarKernels.Blocks(PanelFormat.Q4K, call);

    private static void ScalarQ5K(PanelCall* call) => ScalarKernels.Blocks(PanelFormat.Q5K, call);

    private static void ScalarQ6K(PanelCall* call) => ScalarKernels.Blocks(PanelFormat.Q6K, call);
}
