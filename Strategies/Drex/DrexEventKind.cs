namespace Switchyard.Strategies.Drex;

/// <summary>What happened to rows on their way through the layers.</summary>
public enum DrexEventKind
{
    /// <summary>A group ran a stage; <see cref="DrexEvent.Rows"/> says how many rows, <see cref="DrexEvent.Detail"/> how many of them had waited.</summary>
    Ran,

    /// <summary>A row left at an exit with its token; <see cref="DrexEvent.Value"/> is its confidence.</summary>
    Exited,

    /// <summary>A row gave its token at an exit and runs on to fill its keys and values.</summary>
    Spoke,

    /// <summary>A row was kept waiting at an exit.</summary>
    Parked,

    /// <summary>A row that had waited went on; <see cref="DrexEvent.Rows"/> is how many steps it had waited.</summary>
    Resumed,

    /// <summary>A row passed every layer and gave its token there.</summary>
    Completed,

    /// <summary>A request's prompt ended in this pass and gave its first token.</summary>
    Prompted,

    /// <summary>An unsure row was made to leave by its company.</summary>
    ForcedExit,

    /// <summary>A sure row was made to stay by its company.</summary>
    ForcedStay,

    /// <summary>A token came later than its request's time between tokens; <see cref="DrexEvent.Value"/> is by how many milliseconds.</summary>
    Missed,
}
