namespace Switchyard.Tensor;

/// <summary>What a backend has moved and run since it was made; differences around a step show what the step cost.</summary>
/// <remarks>Written by the thread that calls the backend.</remarks>
public sealed class BackendCounters
{
    /// <summary>Bytes of activations copied from row to row.</summary>
    public long ActivationBytesCopied { get; set; }

    /// <summary>Bytes of keys and values copied from slot to slot.</summary>
    public long KvBytesCopied { get; set; }

    /// <summary>Bytes that handles of this backend hold now.</summary>
    public long BytesHeld { get; set; }
}
