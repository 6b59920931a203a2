namespace Switchyard.Strategies.Drex;

/// <summary>What a strategy gave under a steady load.</summary>
/// <param name="Tokens">Tokens generated in the measured part.</param>
/// <param name="Seconds">Its length.</param>
/// <param name="Steps">Steps in it.</param>
/// <param name="Gap50">Median time between two tokens of a request, in seconds.</param>
/// <param name="Gap95">The 95th percentile of it.</param>
/// <param name="Gap99">The 99th percentile of it.</param>
/// <param name="MeanRequestSeconds">Mean time from a request's first token to its last.</param>
/// <param name="LayerRows">Rows × layers run in the measured part.</param>
/// <param name="Outputs">What each request generated, in order of prompts: for scoring by the full model.</param>
public sealed record DrexMeasurementReport(
    long Tokens, double Seconds, int Steps, double Gap50, double Gap95, double Gap99, double MeanRequestSeconds, long LayerRows, IReadOnlyList<int[]> Outputs)
{
    /// <summary>Tokens a second.</summary>
    public double Throughput => Seconds > 0 ? Tokens / Seconds : 0;
}

/// <summary>
/// Rides prompts through a strategy at a fixed concurrency and takes the times: one measurement for every policy, so that
/// comparisons differ in nothing else.
/// </summary>
/// <remarks>
/// Time and tokens count once every place of the batch was taken and every prompt in it has run, and until a place stays
/// empty, so that neither prompts nor the last stragglers are measured for decoding. Shorter loads than that are measured whole.
/// </remarks>
public static class DrexMeasurement
{
    /// <summary>Measures.</summary>
    /// <param name="strategy">The strategy, with nothing admitted.</param>
    /// <param name="prompts">Prompts, taken in order.</param>
    /// <param name="options">Options of the i-th request.</param>
    /// <param name="concurrency">Requests served at once.</param>
    /// <param name="time">The clock; null for the system's.</param>
    /// <param name="cancellation">Stops between steps.</param>
    public static DrexMeasurementReport Run(
        IDecodingStrategy strategy, IReadOnlyList<int[]> prompts, Func<int, GenerationOptions> options, int concurrency,
        TimeProvider? time = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(strategy);
        ArgumentNullException.ThrowIfNull(prompts);
        ArgumentNullException.ThrowIfNull(options);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(concurrency);
        return new Load(strategy, prompts, options, concurrency, time ?? TimeProvider.System).Ride(cancellation);
    }

    private sealed class Load(IDecodingStrategy strategy, IReadOnlyList<int[]> prompts, Func<int, GenerationOptions> options, int concurrency, TimeProvider time)
    {
        private readonly List<DecodingRequest> _all = [], _running = [];
        private readonly List<(long Time, double Gap)> _gaps = [];
        private readonly long[] _first = new long[prompts.Count], _last = new long[prompts.Count];
        private readonly List<(long End, int Emitted, long LayerRows, bool Full)> _steps = [];

        public DrexMeasurementReport Ride(CancellationToken cancellation)
        {
            long began = time.GetTimestamp();
            while (_all.Count < prompts.Count || _running.Count > 0)
            {
                cancellation.ThrowIfCancellationRequested();
                Admit();
                bool full = _running.Count >= Math.Min(concurrency, prompts.Count) && _running.TrueForAll(r => r.Output.Length > 0);
                StepStats stats = strategy.Step([.. _running]);
                _steps.Add((time.GetTimestamp(), stats.Emitted, stats.LayerRows, full));
                foreach (DecodingRequest done in _running.FindAll(r => r.IsFinished)) strategy.Release(done);
                _running.RemoveAll(r => r.IsFinished);
            }
            return Report(began);
        }

        private void Admit()
        {
            while (_all.Count < prompts.Count && _running.Count < concurrency)
            {
                int index = _all.Count;
                var request = new DecodingRequest(prompts[index], options(index), onToken: _ => Note(index));
                if (!strategy.TryAdmit(request))
                {
                    if (_running.Count == 0) throw new InvalidOperationException("The strategy admits nothing. Give its runner more rows or more cache.");
                    return;
                }
                _all.Add(request);
                _running.Add(request);
            }
        }

        private void Note(int index)
        {
            long now = time.GetTimestamp();
            if (_first[index] == 0) _first[index] = now;
            else _gaps.Add((now, time.GetElapsedTime(_last[index], now).TotalSeconds));
            _last[index] = now;
        }

        private DrexMeasurementReport Report(long began)
        {
            // Later prompts run among decoding rows, in every policy alike: only the first fill and the emptying are cut off.
            int from = _steps.FindIndex(s => s.Full), to = _steps.FindLastIndex(s => s.Full);
            if (from < 0 || to - from < 2) (from, to) = (0, _steps.Count - 1);
            long start = from == 0 ? began : _steps[from - 1].End, end = _steps[to].End;
            long tokens = 0, layerRows = 0;
            for (int i = from; i <= to; i++) (tokens, layerRows) = (tokens + _steps[i].Emitted, layerRows + _steps[i].LayerRows);
            double[] gaps = [.. _gaps.Where(g => g.Time >= start && g.Time <= end).Select(g => g.Gap).Order()];
            double inFlight = 0;
            for (int i = 0; i < prompts.Count; i++) inFlight += time.GetElapsedTime(_first[i], _last[i]).TotalSeconds;
            return new(
                tokens, time.GetElapsedTime(start, end).TotalSeconds, to - from + 1, Percentile(gaps, 0.5), Percentile(gaps, 0.95), Percentile(gaps, 0.99),
                inFlight / Math.Max(1, prompts.Count), layerRows, [.. _all.Select(r => r.Output.ToArray())]);
        }

        private static double Percentile(double[] ascending, double part) =>
            ascending.Length == 0 ? 0 : ascending[Math.Min(ascending.Length - 1, (int)(part * ascending.Length))];
    }
}
