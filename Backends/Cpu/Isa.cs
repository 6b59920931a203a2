namespace Switchyard.Backends.Cpu;

/// <summary>The forms in which kernels exist, each at least as fast as the one before it. All give the same bits.</summary>
public enum Isa
{
    /// <summary>Plain scalar C#: the definition.</summary>
    Scalar,

    /// <summary>128-bit vectors on any processor that has them (Arm64, x86).</summary>
    Vector128,

    /// <summary>AVX2 with fused multiply-add.</summary>
    Avx2,

    /// <summary>AVX2 with the 8-bit dot products of AVX-VNNI.</summary>
    AvxVnni,

    /// <summary>AVX-512 (F and BW), with AVX-VNNI where the processor has it.</summary>
    Avx512,
}
