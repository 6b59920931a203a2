using Switchyard.Experiments.Measuring;
using Switchyard.Experiments.Results;
using Switchyard.Strategies;
using Switchyard.Strategies.Drex;

namespace Switchyard.Experiments.Drex;

/// <summary>M5: the time between tokens when requests come at random times, with waiting and with deadlines.</summary>
internal sealed class LatencyExperiment(DrexSetting setting, ResultDocument document, TextWriter log)
{
    /// <summary>Part of the tokens that may be late.</summary>
    public const double AllowedMisses = 0.01;

    /// <summary>Part of the tokens that were late under the default rule with a target.</summary>
    public double Misses { get; private set; }

    /// <summary>Measures.</summary>
    public void Run(ExitChoice choice)
    {
        log.WriteLine("M5: time between tokens");
        int batch = setting.Batch;
        var load = new DrexLoads(setting.Tales, setting.TalesPrompts, setting.TalesTokens, choice.Exits, choice.Confidence, Synthetic: false);
        (double plainGap, double rate) = Calibrate(load, batch);
        TimeSpan target = TimeSpan.FromMilliseconds(Math.Max(1, Math.Ceiling(4 * plainGap)));
        DrexOptions drex = choice.With(new DrexOptions()), timed = drex with { TimeBetweenTokens = target };
        Arrivals[] rides =
        [
            Ride("off", new DrexOptions { Policy = DrexPolicy.Off, TimeBetweenTokens = target }, null), Ride("drex, no target", drex, null), Ride($"drex, tbt={target.TotalMilliseconds:F0}ms", timed, null),
            .. ((int[])[2, 8, 32]).Select(wait => Ride($"always waits, at most {wait} steps", drex with { MaxWait = wait }, new PatientRule())),
            Ride($"always waits, at most 32 steps, tbt={target.TotalMilliseconds:F0}ms", timed, new PatientRule()),
        ];
        Misses = rides[2].Late(target);
        document.Heading(2, "M5: time between tokens");
        document.Text($"Requests come at random times, {rate:F1} a second on average: about {Share:P0} of what `off` can serve. Real exits, at most {batch} rows a pass. A plain pass takes {plainGap:F2} ms from token to token in the middle; the target is four times that, {target.TotalMilliseconds:F0} ms. Rules that always wait show what the target is for: without one, the wait is bounded in steps only.");
        document.Table(["policy", "gap p50, ms", "p95", "p99", "longest", "later than the target", "longest wait, steps"], rides.Select(r =>
            (object?[])[r.Name, r.Gap(0.5), r.Gap(0.95), r.Gap(0.99), r.Gap(1), $"{r.Late(target):P2}", r.Statistics.LongestWait]));

        Arrivals Ride(string name, DrexOptions options, IRebatchRule? rule)
        {
            var arrivals = new Arrivals(name, load, options, batch, rule);
            arrivals.Run(setting.Quick ? 0.3 : 6, rate);
            log.WriteLine(FormattableString.Invariant($"    {name}: p99 {arrivals.Gap(0.99):F1} ms"));
            return arrivals;
        }
    }

    private static double Share => 0.6;

    private (double Gap, double Rate) Calibrate(DrexLoads load, int batch)
    {
        using SteadyLoad plain = load.Open("off", new DrexOptions { Policy = DrexPolicy.Off }, batch);
        plain.Fill();
        plain.Slice(setting.Quick ? 0.05 : 1, 10);
        return (plain.Gap(0.5) / 2, Share * plain.Throughput / load.NewTokens); // twice the rows of a pass are in flight there
    }

    /// <summary>Waits as long as the strategy's own bounds let it.</summary>
    private sealed class PatientRule : IRebatchRule
    {
        public int Rows(in RampSituation situation) => 0;
    }

    /// <summary>An open load: requests come whether or not the last ones are done.</summary>
    private sealed class Arrivals(string name, DrexLoads load, DrexOptions options, int batch, IRebatchRule? rule)
    {
        private readonly List<double> _gaps = [];

        public string Name => name;

        public DrexStatistics Statistics { get; private set; } = null!;

        /// <summary>A percentile of the time between two tokens of a request, in milliseconds.</summary>
        public double Gap(double part)
        {
            double[] gaps = [.. _gaps.Order()];
            return gaps.Length == 0 ? 0 : 1e3 * gaps[Math.Min(gaps.Length - 1, (int)(part * gaps.Length))];
        }

        public double Late(TimeSpan target) => _gaps.Count == 0 ? 0 : _gaps.Count(g => g > target.TotalSeconds) / (double)_gaps.Count;

        public void Run(double seconds, double rate)
        {
            TimeProvider time = TimeProvider.System;
            using DrexStrategy strategy = load.NewStrategy(options, batch, time, rule);
            Statistics = strategy.Statistics;
            var random = new Random(5);
            var running = new List<DecodingRequest>();
            long start = time.GetTimestamp();
            int count = 0;
            double due = 0;
            while (time.GetElapsedTime(start) is { TotalSeconds: var now } && (now < seconds || running.Count > 0))
            {
                for (; due <= now && due < seconds; due -= Math.Log(1 - random.NextDouble()) / rate)
                {
                    DecodingRequest request = load.Request(count++, Timed(time));
                    if (!strategy.TryAdmit(request)) break; // as many as fit; the rest would wait outside
                    running.Add(request);
                }
                if (running.Count == 0)
                {
                    Thread.Yield();
                    continue;
                }
                strategy.Step([.. running]);
                running.RemoveAll(request =>
                {
                    if (request.IsFinished) strategy.Release(request);
                    return request.IsFinished;
                });
            }
        }

        private Action<GeneratedToken> Timed(TimeProvider time)
        {
            long last = 0;
            return _ =>
            {
                long now = time.GetTimestamp();
                if (last != 0) _gaps.Add(time.GetElapsedTime(last, now).TotalSeconds);
                last = now;
            };
        }
    }
}
