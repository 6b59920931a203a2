namespace Switchyard.Tensor;

/// <summary>An immutable weight [<see cref="OutDim"/>, <see cref="InDim"/>] in a backend's memory and layout.</summary>
/// <remarks>A projection, an embedding table, or with one row a norm's gain or a bias.</remarks>
public abstract class Weight(string name, DType dtype, int outDim, int inDim) : IDisposable
{
    /// <summary>The tensor's name, for messages.</summary>
    public string Name { get; } = name;

    /// <summary>The format that the backend computes on.</summary>
    public DType DType { get; } = dtype;

    /// <summary>Outputs of the projection, or entries of the table.</summary>
    public int OutDim { get; } = outDim;

    /// <summary>Inputs of the projection, or elements of an entry.</summary>
    public int InDim { get; } = inDim;

    /// <summary>Bytes in the backend's memory.</summary>
    public abstract long ByteCount { get; }

    /// <summary>Gives the memory back.</summary>
    public virtual void Dispose() => GC.SuppressFinalize(this);
}
