using Switchyard.Tensor;

namespace Switchyard.Model.Files;

/// <summary>Numbers of tensor formats in GGUF files.</summary>
internal static class GgufTensorTypes
{
    /// <summary>Formats that can be read, for messages.</summary>
    public static string Supported { get; } = string.Join(", ", Enum.GetValues<DType>());

    /// <summary>The format of a number, or null.</summary>
    public static DType? ToDType(uint number) => number switch
    {
        0 => DType.F32,
        1 => DType.F16,
        2 => DType.Q4_0,
        3 => DType.Q4_1,
        6 => DType.Q5_0,
        7 => DType.Q5_1,
        8 => DType.Q8_0,
        12 => DType.Q4_K,
        13 => DType.Q5_K,
        14 => DType.Q6_K,
        20 => DType.IQ4_NL,
        30 => DType.BF16,
        _ => null,
    };

    /// <summary>The number of a format.</summary>
    public static uint ToNumber(DType dtype)
    {
        for (uint number = 0; number < 64; number++)
            if (ToDType(number) == dtype) return number;
        throw new ArgumentOutOfRangeException(nameof(dtype), dtype, "Unknown data type.");
    }

    /// <summary>What people call a format that is not supported.</summary>
    public static string Name(uint number) => number switch
    {
        4 => "Q4_2",
        5 => "Q4_3",
        9 => "Q8_1",
        10 => "Q2_K",
        11 => "Q3_K",
        15 => "Q8_K",
        16 => "IQ2_XXS",
        17 => "IQ2_XS",
        18 => "IQ3_XXS",
        19 => "IQ1_S",
        21 => "IQ3_S",
        22 => "IQ2_S",
        23 => "IQ4_XS",
        24 => "I8",
        25 => "I16",
        26 => "I32",
        27 => "I64",
        28 => "F64",
        29 => "IQ1_M",
        31 => "Q4_0_4_4",
        32 => "Q4_0_4_8",
        33 => "Q4_0_8_8",
        34 => "TQ1_0",
        35 => "TQ2_0",
        36 => "IQ4_NL_4_4",
        37 => "IQ4_NL_4_8",
        38 => "IQ4_NL_8_8",
        39 => "MXFP4",
        _ => $"type {number}",
    };
}
