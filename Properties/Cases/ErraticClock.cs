namespace Switchyard.Properties;

/// <summary>A clock that goes on by random amounts whenever it is read: choices that rest on time jump about, the same in every run.</summary>
/// <param name="seed">Chooses the amounts.</param>
public sealed class ErraticClock(int seed) : TimeProvider
{
    private readonly CaseRandom _random = new(seed);
    private long _now;

    /// <inheritdoc/>
    public override long TimestampFrequency => 1_000_000;

    /// <inheritdoc/>
    public override long GetTimestamp() => _now += 1 + _random.Below(99);
}
