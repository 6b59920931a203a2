namespace Switchyard.Backends.Cpu.Work;

/// <summary>Which kernels read a call's quantised activations.</summary>
/// <param name="SignedBytes">Those of signed bytes.</param>
/// <param name="Others">Those of other block formats.</param>
internal readonly record struct ActivationForms(bool SignedBytes, bool Others)
{
    /// <summary>Whether there are any.</summary>
    public bool Any => SignedBytes || Others;
}
