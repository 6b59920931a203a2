using Switchyard.Tensor;

namespace Switchyard.Model;

/// <summary>Records the residual stream after chosen layers while rows run: what drafters and trained heads feed on.</summary>
public sealed class HiddenTaps : IDisposable
{
    private readonly Matrix[] _states;

    internal HiddenTaps(IBackend backend, ModelConfig config, int capacity, IReadOnlyList<int> layers)
    {
        Layers = layers;
        _states = [.. layers.Select(_ => backend.Allocate(capacity, config.HiddenSize))];
    }

    /// <summary>Layers after which states are recorded.</summary>
    public IReadOnlyList<int> Layers { get; }

    /// <summary>States after <see cref="Layers"/>[<paramref name="index"/>], [arena capacity, HiddenSize]; a row's lies in its own place.</summary>
    public Matrix States(int index) => _states[index];

    /// <summary>Frees the matrices.</summary>
    public void Dispose()
    {
        foreach (Matrix state in _states) state.Dispose();
    }

    internal void Record(IBackend backend, int layer, Matrix hidden, ReadOnlySpan<int> rows)
    {
        for (int i = 0; i < Layers.Count; i++)
            if (Layers[i] == layer) backend.CopyRows(hidden, rows, _states[i], rows);
    }
}
