namespace Switchyard.Backends.Cpu.Work;

/// <summary>The panels of one chunk of a matrix product.</summary>
internal struct PanelRange
{
    /// <summary>Which projection.</summary>
    public int Task;

    public int Start;

    public int Count;
}
