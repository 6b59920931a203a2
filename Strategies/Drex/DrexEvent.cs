namespace Switchyard.Strategies.Drex;

/// <summary>One line of the timeline.</summary>
/// <param name="Step">Step of the strategy, from 1.</param>
/// <param name="Kind">What happened.</param>
/// <param name="Request">Number of the request in order of admission, from 0; −1 for a whole group.</param>
/// <param name="Position">Position of the row; −1 for a whole group.</param>
/// <param name="Depth">Layers run when it happened.</param>
/// <param name="Rows">Rows or steps; see <see cref="DrexEventKind"/>.</param>
/// <param name="Detail">See <see cref="DrexEventKind"/>.</param>
/// <param name="Value">Confidence or milliseconds; see <see cref="DrexEventKind"/>.</param>
public readonly record struct DrexEvent(
    long Step, DrexEventKind Kind, int Request = -1, int Position = -1, int Depth = 0, int Rows = 0, int Detail = 0, float Value = 0);
