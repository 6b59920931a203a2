namespace Switchyard.Tensor;

/// <summary>How numbers are stored. Names follow safetensors for plain types and ggml for block formats.</summary>
public enum DType
{
    /// <summary>IEEE binary32.</summary>
    F32,

    /// <summary>IEEE binary16.</summary>
    F16,

    /// <summary>The upper half of a binary32.</summary>
    BF16,

    /// <summary>Blocks of 32: a binary16 scale, then 32 signed bytes.</summary>
    Q8_0,

    /// <summary>Blocks of 32: a binary16 scale, then 32 four-bit numbers offset by 8.</summary>
    Q4_0,

    /// <summary>Blocks of 32: a binary16 scale and minimum, then 32 four-bit numbers.</summary>
    Q4_1,

    /// <summary>Blocks of 32: a binary16 scale, 32 high bits, then 32 low nibbles; offset by 16.</summary>
    Q5_0,

    /// <summary>Blocks of 32: a binary16 scale and minimum, 32 high bits, then 32 low nibbles.</summary>
    Q5_1,

    /// <summary>Blocks of 32: a binary16 scale, then 32 indices into a fixed table of 16 values.</summary>
    IQ4_NL,

    /// <summary>Superblocks of 256: eight six-bit scales and minima over sub-blocks of 32 four-bit numbers.</summary>
    Q4_K,

    /// <summary>Superblocks of 256: eight six-bit scales and minima over sub-blocks of 32 five-bit numbers.</summary>
    Q5_K,

    /// <summary>Superblocks of 256: sixteen eight-bit scales over sub-blocks of 16 six-bit numbers.</summary>
    Q6_K,
}
