using System.Runtime.InteropServices;

namespace Switchyard.Backends.Cpu.Kernels;

/// <summary>
/// How many rows a tile has: the size of the type in bytes, because <c>sizeof</c> is known to the compiler before it inlines anything, so
/// that rows that a tile lacks cost it neither code nor budget.
/// </summary>
internal interface IRowCount;

[StructLayout(LayoutKind.Sequential, Size = 1)]
internal readonly struct Rows1 : IRowCount;

[StructLayout(LayoutKind.Sequential, Size = 2)]
internal readonly struct Rows2 : IRowCount;

[StructLayout(LayoutKind.Sequential, Size = 3)]
internal readonly struct Rows3 : IRowCount;

[StructLayout(LayoutKind.Sequential, Size = 4)]
internal readonly struct Rows4 : IRowCount;

[StructLayout(LayoutKind.Sequential, Size = 5)]
internal readonly struct Rows5 : IRowCount;

[StructLayout(LayoutKind.Sequential, Size = 6)]
internal readonly struct Rows6 : IRowCount;

[StructLayout(LayoutKind.Sequential, Size = 7)]
internal readonly struct Rows7 : IRowCount;

[StructLayout(LayoutKind.Sequential, Size = 8)]
internal readonly struct Rows8 : IRowCount;
