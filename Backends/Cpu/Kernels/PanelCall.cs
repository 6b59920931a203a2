namespace Switchyard.Backends.Cpu.Kernels;

/// <summary>Some neighbouring panels of sixteen outputs against some rows of activations.</summary>
internal unsafe struct PanelCall
{
    /// <summary>The first panel (<see cref="PanelLayout"/>).</summary>
    public byte* Panel;

    /// <summary>Bytes from one panel to the next.</summary>
    public long PanelBytes;

    /// <summary>Panels, at most <see cref="MaxPanels"/>.</summary>
    public int Panels;

    /// <summary>Inputs.</summary>
    public int InDim;

    /// <summary>Where the inputs of a slice begin.</summary>
    public int Begin;

    /// <summary>Where they end.</summary>
    public int End;

    /// <summary>What is likely to be read after these panels. It need not exist.</summary>
    public byte* Following;

    /// <summary>What a tile asks for while it computes: memory that is read next.</summary>
    public byte* Ahead;

    /// <summary>How far <see cref="Ahead"/> moves in one turn of the innermost loop, in bytes.</summary>
    public int AheadStep;

    /// <summary>What <see cref="ITileKernel.Unpack"/> left for the tiles of a slice.</summary>
    public byte* Unpacked;

    /// <summary>Panels that a tile which has all rows goes over together: 1, <see cref="MaxPanels"/> or, in plain formats, 2 (<see cref="StreamTuner"/>).</summary>
    public int StreamPanels;

    /// <summary>Rows of a tile at most; <see cref="Quantized"/> is laid out for it.</summary>
    public int TileRows;

    /// <summary>Rows of activations, at most <see cref="MaxRows"/>.</summary>
    public int Rows;

    /// <summary>Plain formats: where each row's activations lie, [Rows] pointers to [InDim].</summary>
    public float** X;

    /// <summary>Block formats: the first row's quantised activations.</summary>
    public QuantizedRows Quantized;

    /// <summary>0x00010001: from here, the compiler keeps it in a register where it would reload a constant.</summary>
    public int WordOnes;

    /// <summary>0x80808080, for the same reason.</summary>
    public int SignBits;

    /// <summary>−1, for the same reason.</summary>
    public int AllBits;

    /// <summary>0x0F0F0F0F, for the same reason.</summary>
    public int NibbleMask;

    /// <summary>
    /// Results, [MaxRows, MaxPanels, 16] and a gap after every row: those that one row and its panels take turns with are neighbours, never a page apart, where
    /// the processor would take one's load for the other's store.
    /// </summary>
    public float* Sums;

    /// <summary>Rows of one call.</summary>
    public const int MaxRows = 64;

    /// <summary>Panels of one call: as many streams as it takes to keep memory busy, and one row's chains apart.</summary>
    public const int MaxPanels = 4;

    /// <summary>Rows up to which panels of plain formats may be gone over together: more have chains enough.</summary>
    public const int MostPlainStreamRows = 2;

    /// <summary>Numbers in <see cref="Sums"/> from one row to the next: an odd number of lines, so that a panel's sums use all sets of the cache.</summary>
    public const int SumStride = (MaxPanels + 1) * PanelLayout.Outputs;

    /// <summary>Numbers in <see cref="Sums"/>.</summary>
    public const int SumCount = MaxRows * SumStride;

    /// <summary>The results of a row and panel, [16].</summary>
    public readonly float* SumsOf(int panel, int row) => Sums + row * SumStride + panel * PanelLayout.Outputs;
}
