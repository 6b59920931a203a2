using Switchyard.Backends.Cpu;
using Switchyard.Model;
using Switchyard.Strategies;
using Switchyard.Strategies.Auto;
using Switchyard.Tests.Speculation;
using Xunit;

namespace Switchyard.Tests.Auto;

/// <summary>The bound on the strategy itself, not on its parts: real requests, a clock that steps set forward, drafts of any fate.</summary>
public sealed class SimulatedAutoTests
{
    private const double PlainSeconds = 1;

    [Theory]
    [InlineData(0, 1.4, 0.01)]
    [InlineData(0, 2.5, 0.01)]
    [InlineData(1, 1.4, 0.01)]
    [InlineData(2, 1.8, 0.01)]
    public void Loss_is_bounded_in_every_request_and_in_all(int pattern, double length, double share)
    {
        (double worst, double spent, int tokens) = Run(pattern, length, new AutoOptions { MaxLoss = share });
        Assert.True(worst <= 1e-6, $"{worst:F3} steps beyond the bound after {spent:F0} s for {tokens} tokens");
    }

    [Fact]
    public void Without_the_ledger_the_same_requests_break_the_bound() => Assert.True(Run(0, 2.5, new AutoOptions { MaxLoss = 1e9, LastProbe = 8 }).Worst > 0);

    [Fact]
    public void What_pays_is_used_for_most_tokens()
    {
        (_, double spent, int tokens) = Run(3, 1.4, new AutoOptions());
        Assert.True(spent < 0.6 * tokens, $"{spent:F0} s for {tokens} tokens");
    }

    [Theory]
    [InlineData(3, true)] // every guess is kept
    [InlineData(0, false)] // none is
    public void Drafts_of_what_pays_read_prompts_along_within_the_bound(int pattern, bool reads)
    {
        using var backend = new CpuBackend(new CpuOptions { Threads = 1 });
        var clock = new StepClock(PlainSeconds);
        var simulated = new Simulated(clock, 1.4, pattern) { ReadingSeconds = 0.02 };
        using var auto = new AutoStrategy(Decoding.Runner(backend, "llama-gqa-tied", 1), [_ => simulated], new AutoOptions { Time = clock });
        double spent = 0, worst = double.NegativeInfinity;
        int tokens = 0, prompts = 0, steps = 0;
        for (int number = 0; number < 30; number++)
        {
            var request = new DecodingRequest([.. Enumerable.Range(0, 60).Select(i => i % 16)], new GenerationOptions { MaxNewTokens = 60, IgnoreEos = true, Seed = 1 });
            Assert.True(auto.TryAdmit(request));
            bool inPrompt = true;
            while (!request.IsFinished)
            {
                double before = auto.Uses.Sum(use => use.Seconds);
                auto.Step([request]);
                spent += auto.Uses.Sum(use => use.Seconds) - before;
                if (inPrompt) steps++; // each takes a plain step at least
                if (inPrompt && request.Output.Length > 0) (prompts, inPrompt) = (prompts + (simulated.Lag(request) < 16 ? 1 : 0), false);
                worst = Math.Max(worst, spent - (1.01 * (tokens + request.Output.Length - 1 + steps) + 2) * PlainSeconds);
            }
            tokens += request.Output.Length - 1;
            auto.Release(request);
        }
        Assert.True(worst <= 1e-6, $"{worst:F3} steps beyond the bound");
        Assert.True(reads ? prompts > 10 : prompts == 0, $"{prompts} prompts");
    }

    private static (double Worst, double Spent, int Tokens) Run(int pattern, double length, AutoOptions options)
    {
        using var backend = new CpuBackend(new CpuOptions { Threads = 1 });
        var clock = new StepClock(PlainSeconds);
        using var auto = new AutoStrategy(
            Decoding.Runner(backend, "llama-gqa-tied", 1), [_ => new Simulated(clock, length, pattern)], options with { Time = clock, StepBound = (_, _) => length });
        double worst = double.NegativeInfinity, spent = 0;
        int tokens = 0;
        for (int number = 0; number < 12; number++)
        {
            var request = new DecodingRequest([1, 2, 3], new GenerationOptions { MaxNewTokens = 60, IgnoreEos = true, Seed = 1 });
            Assert.True(auto.TryAdmit(request));
            auto.Step([request]); // the prompt and the first token, which are plain decoding's
            double began = auto.Uses.Sum(use => use.Seconds), left = Math.Max(0, 1.01 * tokens + 0.01 * number - spent); // what the requests before left of what they might lose
            while (!request.IsFinished)
            {
                auto.Step([request]);
                double now = auto.Uses.Sum(use => use.Seconds) - began;
                int emitted = request.Output.Length - 1;
                // The prompt's step is plain time too: a hundredth of it may be lost.
                worst = Math.Max(worst, now - (1.01 * emitted + 0.01 + 2 + Math.Min(left, options.CarriedSteps)) * PlainSeconds);
                worst = Math.Max(worst, spent + now - (1.01 * (tokens + emitted) + 0.01 * (number + 1) + 2) * PlainSeconds);
            }
            (spent, tokens) = (spent + auto.Uses.Sum(use => use.Seconds) - began, tokens + request.Output.Length - 1);
            auto.Release(request);
        }
        return (worst, spent, tokens);
    }

    /// <summary>A clock on which whatever is timed takes one plain step, and more where a strategy says so.</summary>
    private sealed class StepClock(double plain) : TimeProvider
    {
        private long _now;

        public override long TimestampFrequency => 1_000_000;

        public override long GetTimestamp() => _now += (long)(plain * TimestampFrequency);

        public void Advance(double seconds) => _now += (long)(seconds * TimestampFrequency);
    }

    /// <summary>Steps of one length that emit tokens of their own: what is promised here is time, not tokens.</summary>
    private sealed class Simulated(StepClock clock, double length, int pattern) : ISharedCacheStrategy
    {
        private int _steps, _read; // tokens, of one request after another
        private DecodingRequest? _reader;

        /// <summary>What it takes to read a token before guesses can be made.</summary>
        public double ReadingSeconds { get; init; }

        public string Name => "simulated";

        public DecodingGuarantee Guarantee => DecodingGuarantee.Lossless;

        public int Slack => 0;

        public bool TryAttach(DecodingRequest request, KvSequence kv)
        {
            request.State = kv;
            return true;
        }

        public bool TryAdmit(DecodingRequest request) => false;

        public int Lag(DecodingRequest request) => request.Tokens.Length - (_reader == request ? _read : 0);

        public StepStats Step(ReadOnlySpan<DecodingRequest> batch)
        {
            int lag = ReadingSeconds > 0 ? Lag(batch[0]) : 0;
            (_reader, _read) = (batch[0], batch[0].Tokens.Length);
            if (lag > 4)
            {
                clock.Advance(ReadingSeconds * lag);
                batch[0].Emit(5);
                return new StepStats(1, LayerRows: 1, TargetForwards: 1, DraftForwards: 1, CaughtUp: lag);
            }
            clock.Advance(length - PlainSeconds);
            int accepted = pattern switch { 0 => 0, 1 => _steps % 2, 2 => _steps < 12 ? 3 : 0, _ => 2 }, emitted = 0;
            _steps++;
            for (int i = 0; i <= accepted && !batch[0].IsFinished; i++, emitted++) batch[0].Emit(5);
            return new StepStats(emitted, Drafted: 3, Accepted: accepted, LayerRows: 1, TargetForwards: 1);
        }

        public void Release(DecodingRequest request) => request.State = null;

        public void Dispose()
        {
        }
    }
}
