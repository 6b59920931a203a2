namespace Switchyard.Backends.Cpu;

/// <summary>How a panel of sixteen outputs stores its numbers (<see cref="PanelLayout"/>).</summary>
internal enum PanelFormat
{
    F32,
    F16,
    BF16,

    /// <summary>Blocks of 32 signed bytes with a scale: Q8_0, and Q5_0 and IQ4_NL, whose integers fit.</summary>
    S8,

    /// <summary>Blocks of 32 nibbles offset by 8, with a scale: Q4_0.</summary>
    N4,

    /// <summary>Blocks of 32 nibbles with a scale and a minimum: Q4_1.</summary>
    U4,

    /// <summary>Blocks of 32 bytes below 32 with a scale and a minimum: Q5_1.</summary>
    U5,

    Q4K,
    Q5K,
    Q6K,
}
