using System.Text.Json.Serialization;

namespace Switchyard.Strategies.Costs;

/// <summary>What a machine remembers of one model's passes.</summary>
internal sealed record CostFile
{
    /// <summary>What the times are of: backend, threads, shape and format.</summary>
    public string Key { get; init; } = "";

    /// <summary>One entry a layer range.</summary>
    public IReadOnlyList<Entry> Ranges { get; init; } = [];

    /// <summary>Times of one layer range at batch 1.</summary>
    /// <param name="Start">First layer.</param>
    /// <param name="End">One past the last.</param>
    /// <param name="ContextStep">Tokens from one context to the next.</param>
    /// <param name="Rows">Rows of the grid.</param>
    /// <param name="Seconds">Shape [contexts, rows]; 0 where nothing was measured.</param>
    public sealed record Entry(int Start, int End, int ContextStep, int[] Rows, double[] Seconds);
}

/// <summary>Reads and writes <see cref="CostFile"/> without reflection.</summary>
[JsonSerializable(typeof(CostFile))]
[JsonSourceGenerationOptions(WriteIndented = true)]
internal sealed partial class CostJson : JsonSerializerContext;
