namespace Switchyard.Strategies.Speculation;

/// <summary>The decisions of a run, step by step: enough to run it again exactly, whatever the clock says.</summary>
public sealed class ShapeRecording
{
    private readonly List<int> _values;

    /// <summary>An empty recording.</summary>
    public ShapeRecording() => _values = [];

    /// <summary>A recording read back.</summary>
    public ShapeRecording(IEnumerable<int> values) => _values = [.. values];

    /// <summary>What to write down, in order.</summary>
    public IReadOnlyList<int> Values => _values;

    internal void Write(int value) => _values.Add(value);
}
