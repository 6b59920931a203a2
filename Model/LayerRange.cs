namespace Switchyard.Model;

/// <summary>Layers from <paramref name="Start"/> up to but not including <paramref name="End"/>.</summary>
public readonly record struct LayerRange(int Start, int End)
{
    /// <summary>Layers in the range.</summary>
    public int Count => End - Start;
}
