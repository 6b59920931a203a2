namespace Switchyard.Strategies.Drex;

/// <summary>Requests whose head waits at one exit, first in, first out.</summary>
internal sealed class ParkedQueue
{
    private Flight[] _flights = new Flight[16];

    public int Count { get; private set; }

    public Flight this[int index] => _flights[index];

    public void Add(Flight flight)
    {
        if (Count == _flights.Length) Array.Resize(ref _flights, 2 * Count);
        _flights[Count++] = flight;
    }

    /// <summary>Requests of the batch of <paramref name="step"/> among those that wait.</summary>
    public int Present(long step)
    {
        int present = 0;
        for (int i = 0; i < Count; i++) if (_flights[i].Seen == step) present++;
        return present;
    }

    /// <summary>The first of the batch of <paramref name="step"/>; null when none waits.</summary>
    public Flight? First(long step)
    {
        for (int i = 0; i < Count; i++) if (_flights[i].Seen == step) return _flights[i];
        return null;
    }

    /// <summary>Takes the first requests of the batch of <paramref name="step"/>, in order.</summary>
    /// <returns>How many were written to <paramref name="into"/>.</returns>
    public int Take(long step, Span<Flight> into)
    {
        int taken = 0, kept = 0;
        for (int i = 0; i < Count; i++)
        {
            Flight flight = _flights[i];
            if (taken < into.Length && flight.Seen == step) into[taken++] = flight;
            else _flights[kept++] = flight;
        }
        Array.Clear(_flights, kept, Count - kept);
        Count = kept;
        return taken;
    }

    public void Remove(Flight flight)
    {
        int at = Array.IndexOf(_flights, flight, 0, Count);
        if (at < 0) return;
        Array.Copy(_flights, at + 1, _flights, at, --Count - at);
        _flights[Count] = null!;
    }
}
