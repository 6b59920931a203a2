using System.Text;
using Switchyard.Strategies;
using Xunit;

namespace Switchyard.Tests.Sampling;

public class EmissionTests
{
    private static readonly string[] Letters = ["a", "b", "a", "b", "é", "漢", "🙂", "\n"];

    /// <summary>Feeds tokens one by one; gives the text handed out after each and whether the request is over.</summary>
    private delegate Func<byte[], bool, (string Piece, bool Stopped)> Subject(string[] stops);

    [Fact]
    public void Stop_strings_end_the_text_wherever_token_borders_fall_and_not_half_of_one_gets_out() =>
        Assert.Null(FirstFailure(Product, 4000));

    [Fact]
    public void The_property_rejects_looking_inside_single_tokens_and_letting_text_out_at_once()
    {
        Assert.NotNull(FirstFailure(stops => (token, _) =>
        {
            string text = Encoding.UTF8.GetString(token);
            int[] found = [.. stops.Select(s => text.IndexOf(s, StringComparison.Ordinal)).Where(i => i >= 0)];
            return found.Length > 0 ? (text[..found.Min()], true) : (text, false);
        }, 4000));

        Assert.NotNull(FirstFailure(stops =>
        {
            var sofar = new List<byte>();
            return (token, _) =>
            {
                sofar.AddRange(token);
                (int length, int end) = FirstStop([.. sofar], stops);
                return (Encoding.UTF8.GetString(token), end <= sofar.Count && length >= 0);
            };
        }, 4000));
    }

    private static Func<byte[], bool, (string, bool)> Product(string[] stops)
    {
        var tokens = new List<byte[]> { Array.Empty<byte>() };
        string piece = "";
        var request = new DecodingRequest([0], new() { StopStrings = stops }, new ByteText(tokens), t => piece += t.Text);
        return (token, last) =>
        {
            tokens.Add(token);
            piece = "";
            request.Emit(tokens.Count - 1);
            bool stopped = request.FinishReason == FinishReason.Stop;
            if (last && !stopped) request.Finish(FinishReason.Length);
            if (request.IsFinished) Assert.False(request.Emit(0));
            return (piece, stopped);
        };
    }

    private static string? FirstFailure(Subject subject, int rounds)
    {
        var random = new Random(9);
        for (int round = 0; round < rounds; round++)
        {
            string[] stops = [.. Enumerable.Range(0, random.Next(0, 4)).Select(_ => AnyText(random, random.Next(1, 5)))];
            byte[] text = Encoding.UTF8.GetBytes(AnyText(random, random.Next(1, 14)));
            if (random.Next(8) == 0) text[random.Next(text.Length)] = (byte)random.Next(256); // models do emit broken characters
            if (Failure(subject(stops), stops, text, random) is { } failure) return $"round {round}: {failure}";
        }
        return null;
    }

    private static string? Failure(Func<byte[], bool, (string Piece, bool Stopped)> feed, string[] stops, byte[] text, Random random)
    {
        (int length, int end) = FirstStop(text, stops);
        string handedOut = "";
        for (int at = 0; at < text.Length;)
        {
            int next = Math.Min(text.Length, at + random.Next(0, 5));
            (string piece, bool stopped) = feed(text[at..next], next == text.Length);
            handedOut += piece;
            if (stopped != (length >= 0 && next >= end)) return $"stopped is {stopped} after byte {next}, the stop string ends at {end}";
            int certain = stopped ? length : next == text.Length ? text.Length : next - Held(text.AsSpan(0, next), stops);
            if (handedOut != Encoding.UTF8.GetString(text, 0, certain)) return $"'{handedOut}' is out after byte {next}, want the first {certain} bytes of '{Encoding.UTF8.GetString(text)}'";
            if (stopped) return null;
            at = next;
        }
        return null;
    }

    /// <summary>Where the text must end, and the byte after the first stop string to be completed; (−1, …) without one.</summary>
    private static (int Length, int End) FirstStop(byte[] text, string[] stops)
    {
        for (int end = 1; end <= text.Length; end++)
        {
            int longest = 0;
            foreach (byte[] stop in stops.Select(Encoding.UTF8.GetBytes))
                if (text.AsSpan(0, end).EndsWith(stop)) longest = Math.Max(longest, stop.Length);
            if (longest > 0) return (end - longest, end);
        }
        return (-1, int.MaxValue);
    }

    /// <summary>Bytes at the end that begin a stop string or an unfinished character.</summary>
    private static int Held(ReadOnlySpan<byte> text, string[] stops)
    {
        int held = 0;
        foreach (byte[] stop in stops.Select(Encoding.UTF8.GetBytes))
            for (int n = 1; n < stop.Length; n++)
                if (text.EndsWith(stop.AsSpan(0, n))) held = Math.Max(held, n);
        ReadOnlySpan<byte> rest = text[..(text.Length - held)];
        for (int n = 1; n <= Math.Min(3, rest.Length); n++)
            if (Rune.DecodeFromUtf8(rest[^n..], out _, out int used) == System.Buffers.OperationStatus.NeedMoreData && used == n) return held + n;
        return held;
    }

    private static string AnyText(Random random, int length) => string.Concat(Enumerable.Range(0, length).Select(_ => Letters[random.Next(Letters.Length)]));

    [Fact]
    public void Requests_end_for_the_reason_that_came_first()
    {
        var text = new ByteText([[65], [66], [67], [68]], end: 3);
        Assert.Equal(FinishReason.Stop, Run(new(), text, [0, 1, 3, 0], out int emitted));
        Assert.Equal(3, emitted);
        Assert.Equal(FinishReason.Length, Run(new() { MaxNewTokens = 2 }, text, [0, 1, 3], out emitted));
        Assert.Equal(2, emitted);
        Assert.Equal(FinishReason.Stop, Run(new() { StopTokens = [1], IgnoreEos = true }, text, [3, 0, 1, 0], out emitted));
        Assert.Equal(3, emitted);
        Assert.Null(Run(new() { IgnoreEos = true }, text, [3, 3, 3], out _));
        Assert.Equal(FinishReason.Stop, Run(new() { MaxNewTokens = 2, StopStrings = ["AB"] }, text, [0, 1], out _));
    }

    [Fact]
    public void The_last_position_of_the_context_is_usable()
    {
        var request = new DecodingRequest([1, 1], new()) { ContextLimit = 4 };
        Assert.Equal(3, request.RemainingTokens);
        Assert.True(request.Emit(5));  // goes to position 2
        Assert.True(request.Emit(6));  // goes to position 3, the last
        Assert.False(request.Emit(7)); // is told by the last position and needs none itself
        Assert.Equal(FinishReason.ContextFull, request.FinishReason);
        Assert.Equal([5, 6, 7], request.Output.ToArray());
        Assert.Equal(0, request.RemainingTokens);
        Assert.Equal(1, new DecodingRequest([1, 1], new() { MaxNewTokens = 1 }).RemainingTokens);
    }

    [Fact]
    public void An_error_ends_one_request_and_is_kept()
    {
        var error = new InvalidOperationException("no");
        var request = new DecodingRequest([1], new());
        request.Fail(error);
        request.Finish(FinishReason.Length);
        Assert.Equal((FinishReason.Failed, error), (request.FinishReason!.Value, request.Error));
    }

    [Fact]
    public void Emitting_allocates_nothing_without_text()
    {
        var request = new DecodingRequest([1, 2], new() { MaxNewTokens = 500, StopTokens = new HashSet<int> { 9 } });
        request.Emit(3);
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 400; i++) request.Emit(i % 7);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    private static FinishReason? Run(GenerationOptions options, ITokenText text, int[] tokens, out int emitted)
    {
        var request = new DecodingRequest([0], options, text);
        foreach (int token in tokens) if (!request.Emit(token)) break;
        emitted = request.Output.Length;
        return request.FinishReason;
    }
}
