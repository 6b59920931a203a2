namespace Switchyard.Model.Files;

/// <summary>How far loading is.</summary>
/// <param name="BytesDone">Bytes of the file that have been read.</param>
/// <param name="BytesTotal">Bytes to read.</param>
/// <param name="Tensor">The tensor that was read last.</param>
public readonly record struct LoadProgress(long BytesDone, long BytesTotal, string Tensor);
