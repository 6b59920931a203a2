using System.Runtime.InteropServices;

namespace Switchyard.Backends.Cpu.Kernels;

/// <summary>How a tile reads its numbers; told by the size of the type, as with <see cref="IRowCount"/>.</summary>
internal interface IReading;

/// <summary>
/// The tile has all rows. It goes over one panel, or over some together, a block of each in turn: where a core waits for only few lines at a
/// time, memory delivers several streams faster than one, and each stream brings the prefetchers of the outer caches with it.
/// </summary>
[StructLayout(LayoutKind.Sequential, Size = 1)]
internal readonly struct Streams : IReading;

/// <summary>The numbers of one panel are in the cache, for several tiles of rows; <see cref="PanelCall.Ahead"/> is asked for meanwhile.</summary>
[StructLayout(LayoutKind.Sequential, Size = 2)]
internal readonly struct Slices : IReading;
