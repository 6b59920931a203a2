using Switchyard.Tensor;

namespace Switchyard.Model;

/// <summary>Scratch of one arena: what a block computes between reading and writing the residual stream.</summary>
internal sealed class Activations : IDisposable
{
    /// <summary>Rows of logits that exist at once.</summary>
    public const int LogitRows = 32;

    private static readonly int[] Identity = [.. Enumerable.Range(0, LogitRows)];

    public Activations(IBackend backend, ModelConfig config, int capacity)
    {
        Normed = backend.Allocate(capacity, config.HiddenSize);
        Queries = backend.Allocate(capacity, config.QueryDim);
        Keys = backend.Allocate(capacity, config.KvDim);
        Values = backend.Allocate(capacity, config.KvDim);
        Attended = backend.Allocate(capacity, config.QueryDim);
        Gate = backend.Allocate(capacity, config.IntermediateSize);
        Up = backend.Allocate(capacity, config.IntermediateSize);
        ReadoutNormed = backend.Allocate(LogitRows, config.HiddenSize);
        Logits = backend.Allocate(LogitRows, config.VocabSize);
        Active = new int[capacity];
    }

    /// <summary>The rows 0 … 31: where a chunk of logits lies.</summary>
    public static ReadOnlySpan<int> ChunkRows => Identity;

    public Matrix Normed { get; }        // [capacity, HiddenSize]
    public Matrix Queries { get; }       // [capacity, QueryDim]
    public Matrix Keys { get; }          // [capacity, KvDim]
    public Matrix Values { get; }        // [capacity, KvDim]
    public Matrix Attended { get; }      // [capacity, QueryDim]
    public Matrix Gate { get; }          // [capacity, IntermediateSize]
    public Matrix Up { get; }            // [capacity, IntermediateSize]
    public Matrix ReadoutNormed { get; } // [LogitRows, HiddenSize]
    public Matrix Logits { get; }        // [LogitRows, VocabSize]
    public int[] Active { get; }         // [capacity]: rows of the layer in hand

    public void Dispose()
    {
        foreach (Matrix matrix in (Matrix[])[Normed, Queries, Keys, Values, Attended, Gate, Up, ReadoutNormed, Logits]) matrix.Dispose();
    }
}
