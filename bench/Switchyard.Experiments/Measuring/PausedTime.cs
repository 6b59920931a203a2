namespace Switchyard.Experiments.Measuring;

/// <summary>A clock that stands still while others take their turn, so that a strategy left for a while is not late.</summary>
internal sealed class PausedTime : TimeProvider
{
    private long _behind, _stopped = TimeProvider.System.GetTimestamp();
    private bool _runs;

    public override long TimestampFrequency => TimeProvider.System.TimestampFrequency;

    public override long GetTimestamp() => (_runs ? TimeProvider.System.GetTimestamp() : _stopped) - _behind;

    public void Go()
    {
        if (_runs) return;
        _behind += TimeProvider.System.GetTimestamp() - _stopped;
        _runs = true;
    }

    public void Stop()
    {
        if (!_runs) return;
        _stopped = TimeProvider.System.GetTimestamp();
        _runs = false;
    }
}
