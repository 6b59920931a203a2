using System.Buffers;
using Switchyard.Tensor;

namespace Switchyard.Model.Files;

/// <summary>Writes files that exist either whole or not at all.</summary>
internal static class WholeFile
{
    /// <summary>Writes beside <paramref name="path"/> and renames when all is there.</summary>
    public static void Write(string path, Action<Stream> write)
    {
        string partial = path + ".partial";
        try
        {
            using (var stream = new FileStream(partial, FileMode.Create, FileAccess.Write, FileShare.None, 1 << 16)) write(stream);
            File.Move(partial, path, overwrite: true);
        }
        catch
        {
            File.Delete(partial);
            throw;
        }
    }

    /// <summary>Writes a tensor row by row.</summary>
    public static void WriteTensor(Stream stream, TensorSource tensor)
    {
        if (tensor.ByteCount == 0) return;
        using TensorData data = tensor.Open();
        if (data.DType != tensor.DType || data.ByteCount != tensor.ByteCount)
            throw new ArgumentException($"{tensor.Name} was announced as {tensor.DType} with {tensor.ByteCount} bytes and came as {data.DType} with {data.ByteCount}.", nameof(tensor));
        byte[] row = ArrayPool<byte>.Shared.Rent((int)data.RowBytes);
        for (int r = 0; r < data.Rows; r++)
        {
            data.ReadRow(r, row.AsSpan(0, (int)data.RowBytes));
            stream.Write(row, 0, (int)data.RowBytes);
        }
        ArrayPool<byte>.Shared.Return(row);
    }
}
