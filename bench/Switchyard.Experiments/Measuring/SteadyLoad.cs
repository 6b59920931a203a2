using Switchyard.Strategies;

namespace Switchyard.Experiments.Measuring;

/// <summary>
/// A strategy under a load that does not end: a finished request is replaced by the next one. It can be run for a while, left, and
/// run on, so that strategies take turns without filling and emptying the batch each time.
/// </summary>
/// <param name="name">What it is called in tables.</param>
/// <param name="strategy">Owned.</param>
/// <param name="time">The clock that the strategy was given too.</param>
/// <param name="next">Makes the i-th request; the callback is to be told of its tokens.</param>
/// <param name="inFlight">Requests served at once.</param>
internal sealed class SteadyLoad(string name, IDecodingStrategy strategy, PausedTime time, Func<int, Action<GeneratedToken>, DecodingRequest> next, int inFlight) : IDisposable
{
    private readonly List<DecodingRequest> _running = [];
    private readonly Dictionary<int, DecodingRequest> _done = [];
    private readonly Dictionary<DecodingRequest, int> _numbers = [];
    private readonly List<double> _gaps = [];
    private readonly List<(long Tokens, double Seconds)> _slices = [];
    private DecodingRequest[] _batch = [];
    private bool _counts;

    public string Name => name;

    public IDecodingStrategy Strategy => strategy;

    /// <summary>Tokens a second over all turns, the slowest and the fastest left out where there are five or more.</summary>
    public double Throughput
    {
        get
        {
            (long Tokens, double Seconds)[] slices = [.. _slices.OrderBy(s => s.Tokens / s.Seconds)];
            if (slices.Length >= 5) slices = slices[1..^1];
            return slices.Sum(s => s.Tokens) / slices.Sum(s => s.Seconds);
        }
    }

    /// <summary>A percentile of the time between two tokens of a request, in milliseconds.</summary>
    public double Gap(double part)
    {
        double[] gaps = [.. _gaps.Order()];
        return gaps.Length == 0 ? 0 : 1e3 * gaps[Math.Min(gaps.Length - 1, (int)(part * gaps.Length))];
    }

    /// <summary>Fills the batch and runs every prompt in it; nothing counts.</summary>
    public void Fill() => Ride(() => _running.Exists(r => r.Output.Length == 0));

    /// <summary>Runs on for a while and counts.</summary>
    public void Slice(double seconds, int leastSteps)
    {
        long before = time.GetTimestamp(), tokens = 0;
        int steps = 0;
        _counts = true;
        Ride(() => steps++ < leastSteps || time.GetElapsedTime(before, time.GetTimestamp()).TotalSeconds < seconds, emitted => tokens += emitted);
        _counts = false;
        _slices.Add((tokens, time.GetElapsedTime(before, time.GetTimestamp()).TotalSeconds));
    }

    /// <summary>The first requests, run to their ends.</summary>
    public DecodingRequest[] First(int count)
    {
        Ride(() => Enumerable.Range(0, count).Any(i => !_done.ContainsKey(i)));
        return [.. Enumerable.Range(0, count).Select(i => _done[i])];
    }

    public void Dispose() => strategy.Dispose();

    private void Ride(Func<bool> goesOn, Action<int>? emitted = null)
    {
        time.Go();
        for (Replace(); goesOn(); Replace())
        {
            int tokens = strategy.Step(_batch).Emitted;
            emitted?.Invoke(tokens);
        }
        time.Stop();
    }

    private void Replace()
    {
        bool changed = _running.RemoveAll(request =>
        {
            if (!request.IsFinished) return false;
            strategy.Release(request);
            _done[_numbers[request]] = request;
            return true;
        }) > 0;
        while (_running.Count < inFlight)
        {
            long last = 0;
            DecodingRequest request = next(_numbers.Count, _ =>
            {
                long now = time.GetTimestamp();
                if (last != 0 && _counts) _gaps.Add(time.GetElapsedTime(last, now).TotalSeconds);
                last = now;
            });
            if (!strategy.TryAdmit(request)) throw new InvalidOperationException($"'{name}' does not admit {inFlight} requests. Give its runner more rows or more cache.");
            _numbers[request] = _numbers.Count;
            _running.Add(request);
            changed = true;
        }
        if (changed) _batch = [.. _running];
    }
}
