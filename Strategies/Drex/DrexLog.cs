namespace Switchyard.Strategies.Drex;

/// <summary>The latest events, in order: who parked, regrouped, exited where. Written while decoding, without allocating.</summary>
/// <param name="capacity">Events kept; 0 keeps none.</param>
public sealed class DrexLog(int capacity)
{
    private readonly DrexEvent[] _events = new DrexEvent[capacity];

    /// <summary>Events ever written; those beyond the capacity are forgotten, oldest first.</summary>
    public long Written { get; private set; }

    /// <summary>Events kept.</summary>
    public int Count => (int)Math.Min(Written, _events.Length);

    /// <summary>Whether anything is kept.</summary>
    public bool IsEnabled => _events.Length > 0;

    /// <summary>The event at <paramref name="index"/>, 0 the oldest that is kept.</summary>
    public DrexEvent this[int index]
    {
        get
        {
            ArgumentOutOfRangeException.ThrowIfNegative(index);
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, Count);
            return _events[(int)((Written - Count + index) % _events.Length)];
        }
    }

    /// <summary>A copy of what is kept, oldest first.</summary>
    public IReadOnlyList<DrexEvent> ToList()
    {
        var events = new DrexEvent[Count];
        for (int i = 0; i < events.Length; i++) events[i] = this[i];
        return events;
    }

    internal void Add(in DrexEvent @event)
    {
        if (_events.Length == 0) return;
        _events[(int)(Written++ % _events.Length)] = @event;
    }
}
