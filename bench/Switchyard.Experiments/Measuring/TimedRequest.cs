using Switchyard.Strategies;

namespace Switchyard.Experiments.Measuring;

/// <summary>What one request took alone.</summary>
/// <param name="Seconds">From admission to its last token, prompt included.</param>
/// <param name="DecodeSeconds">From its first token to its last.</param>
/// <param name="Tokens">What was generated.</param>
internal readonly record struct TimedRequest(double Seconds, double DecodeSeconds, int[] Tokens)
{
    /// <summary>Decodes a request to its end.</summary>
    public static TimedRequest Run(IDecodingStrategy strategy, int[] prompt, GenerationOptions options)
    {
        var request = new DecodingRequest(prompt, options);
        DecodingRequest[] batch = [request];
        long start = TimeProvider.System.GetTimestamp(), first = 0;
        if (!strategy.TryAdmit(request)) throw new InvalidOperationException($"'{strategy.Name}' has no room for the request.");
        while (!request.IsFinished)
        {
            strategy.Step(batch);
            if (first == 0 && request.Output.Length > 0) first = TimeProvider.System.GetTimestamp();
        }
        long end = TimeProvider.System.GetTimestamp();
        strategy.Release(request);
        if (request.Error is { } error) throw error;
        return new TimedRequest(TimeProvider.System.GetElapsedTime(start, end).TotalSeconds, TimeProvider.System.GetElapsedTime(first, end).TotalSeconds, request.Output.ToArray());
    }
}
