using System.Runtime.InteropServices;

namespace Switchyard.Backends.Cpu.Kernels;

/// <summary>How a tile reads its numbers; told by the size of the type, as with <see cref="IRowCount"/>.</summary>
internal interface IReading;

/// <summary>
/// The tile has all rows. It goes over the call's panels together, a block of each in turn: memory delivers several streams faster than
/// one, because a core waits for only so many lines at a time, and each stream brings the prefetchers of the outer caches with it.
/// </summary>
[StructLayout(LayoutKind.Sequential, Size = 1)]
internal readonly struct Streams : IReading;

/// <summary>The numbers of one panel are in the cache, for several tiles of rows; <see cref="PanelCall.Ahead"/> is asked for meanwhile.</summary>
[StructLayout(LayoutKind.Sequential, Size = 2)]
internal readonly struct Slices : IReading;
