using Switchyard.Strategies;
using Xunit;

namespace Switchyard.Tests.SpecRouter;

/// <summary>Runs workloads through a router, which may emit nothing for many steps.</summary>
internal static class RouterRuns
{
    /// <summary>Decodes everything, at most <paramref name="together"/> at a time: requests join as others leave.</summary>
    public static StepStats Run(IDecodingStrategy strategy, DecodingRequest[] requests, int together, Action<DecodingRequest[]>? beforeStep = null, Action<DecodingRequest[]>? afterStep = null)
    {
        var running = new List<DecodingRequest>();
        int next = 0, steps = 0;
        StepStats sum = default;
        while (next < requests.Length || running.Count > 0)
        {
            while (running.Count < together && next < requests.Length && strategy.TryAdmit(requests[next])) running.Add(requests[next++]);
            DecodingRequest[] batch = [.. running];
            beforeStep?.Invoke(batch);
            StepStats stats = strategy.Step(batch);
            afterStep?.Invoke(batch);
            Assert.True(stats.TargetForwards + stats.DraftForwards > 0 || running.Exists(request => request.IsFinished), "A step made no progress.");
            Assert.True(++steps < 20_000, "The requests never end.");
            sum += stats;
            foreach (DecodingRequest done in running.Where(request => request.IsFinished).ToArray())
            {
                strategy.Release(done);
                running.Remove(done);
            }
        }
        return sum;
    }
}
