namespace Switchyard.Backends.Cpu.Kernels;

/// <summary>A matrix product of one panel with a few rows, some inputs at a time.</summary>
internal unsafe interface ITileKernel
{
    /// <summary>Panels that a tile of <see cref="Slices"/> goes over together, where the call has as many left.</summary>
    static abstract int TilePanels { get; }

    /// <summary>Inputs that several tiles of rows go over before the next, a multiple of the format's unit.</summary>
    static abstract int SliceInputs { get; }

    /// <summary>Bytes that a panel has for some inputs, a multiple of the format's unit.</summary>
    static abstract long SpanBytes(int inputs);

    /// <summary>Bytes of numbers that one turn of the innermost loop reads, on average.</summary>
    static abstract int TurnBytes { get; }

    /// <summary>Bytes that <see cref="Unpack"/> needs.</summary>
    static abstract int UnpackedBytes { get; }

    /// <summary>Prepares the numbers of a slice of a panel for the tiles that go over them (<see cref="Slices"/>), in <see cref="PanelCall.Unpacked"/>.</summary>
    static abstract void Unpack(PanelCall* call, int panel);

    /// <summary>
    /// Adds the products of the inputs from <see cref="PanelCall.Begin"/> to <see cref="PanelCall.End"/> to the sums of a panel and of the
    /// tile of rows that begins at <paramref name="row"/>; from zero where the inputs begin. With <see cref="Streams"/> all panels
    /// of the call from this one on are meant.
    /// </summary>
    static abstract void Tile<TRows, TReading>(PanelCall* call, int panel, int row)
        where TRows : unmanaged, IRowCount
        where TReading : unmanaged, IReading;
}
