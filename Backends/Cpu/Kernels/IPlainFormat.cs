using System.Runtime.CompilerServices;

namespace Switchyard.Backends.Cpu.Kernels;

/// <summary>How sixteen neighbouring outputs' numbers of a plain format become float32.</summary>
internal unsafe interface IPlainFormat
{
    /// <summary>Bytes of sixteen numbers.</summary>
    static abstract int Bytes { get; }

    static abstract T Load<T>(byte* from)
        where T : unmanaged, ILanes<T>;
}

internal readonly unsafe struct PlainF32 : IPlainFormat
{
    public static int Bytes
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => 64;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Load<T>(byte* from)
        where T : unmanaged, ILanes<T> => T.Load((float*)from);
}

internal readonly unsafe struct PlainF16 : IPlainFormat
{
    public static int Bytes
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => 32;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Load<T>(byte* from)
        where T : unmanaged, ILanes<T> => T.LoadHalfPairs(from);
}

internal readonly unsafe struct PlainBF16 : IPlainFormat
{
    public static int Bytes
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => 32;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Load<T>(byte* from)
        where T : unmanaged, ILanes<T> => T.LoadBFloat16Pairs(from);
}
