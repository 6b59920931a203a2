using Switchyard.Strategies;
using Switchyard.Strategies.Sampling;
using Switchyard.Tensor;
using Xunit;

namespace Switchyard.Tests.Sampling;

public class SamplerTests
{
    private static readonly float[] Peaked = [2.5f, -1f, 0.3f, 1.9f, 0f, 0.3f, -3f, 1f];

    [Theory]
    [InlineData(0.5f)]
    [InlineData(1f)]
    [InlineData(1.7f)]
    public void Tokens_follow_softmax_over_positions_and_over_seeds(float temperature)
    {
        double[] law = SlowSampler.Softmax([.. Peaked.Select(x => (double)x)], temperature);
        Assert.True(Fits(law, 40_000, i => Draw(temperature, seed: 7, position: i)));
        Assert.True(Fits(law, 40_000, i => Draw(temperature, seed: (ulong)i, position: 5)));
    }

    [Fact]
    public void Neighbouring_positions_and_neighbouring_seeds_are_independent()
    {
        double[] law = SlowSampler.Softmax([.. Peaked.Select(x => (double)x)], 1);
        double[] pairs = [.. law.SelectMany(a => law.Select(b => a * b))];
        Assert.True(Fits(pairs, 40_000, i => Draw(1, 3, 2 * i) * 8 + Draw(1, 3, 2 * i + 1)));
        Assert.True(Fits(pairs, 40_000, i => Draw(1, 2 * (ulong)i, 9) * 8 + Draw(1, 2 * (ulong)i + 1, 9)));
    }

    [Fact]
    public void The_law_rejects_noise_that_ignores_position_seed_or_token_and_noise_of_the_wrong_shape()
    {
        double[] law = SlowSampler.Softmax([.. Peaked.Select(x => (double)x)], 1);
        Assert.False(Fits(law, 40_000, i => Draw(1, 7, position: 0)));
        Assert.False(Fits(law, 40_000, i => Draw(1, seed: 0, position: 5)));
        Assert.False(Fits(law, 40_000, i => Best(t => Peaked[t] + GumbelNoise.At(7, i, 0))));
        Assert.False(Fits(law, 40_000, i => Best(t => Peaked[t] - GumbelNoise.At(7, i, t))));
        Assert.False(Fits(law, 40_000, i => Best(t => Peaked[t] / 1.1 + GumbelNoise.At(7, i, t))));
    }

    [Fact]
    public void Noise_stays_what_it_was()
    {
        double[] got = [GumbelNoise.At(0, 0, 0), GumbelNoise.At(1, 0, 0), GumbelNoise.At(0, 1, 0), GumbelNoise.At(0, 0, 1), GumbelNoise.At(ulong.MaxValue, int.MaxValue, 151_935)];
        Assert.Equal(NoiseBits, got.Select(x => BitConverter.DoubleToInt64Bits(x).ToString("x16")));
    }

    // Checked once against the definition in another language; other machines and other versions must draw the same.
    private static readonly string[] NoiseBits = ["bfe1c6cc8b41fcad", "3fcba4230f10d0eb", "bff7ef290254aa15", "3fb3080d919b335e", "3fd26710b8464754"];

    [Fact]
    public void Choice_equals_the_slow_form_under_every_option()
    {
        var random = new Random(1);
        var sampler = new Sampler();
        for (int round = 0; round < 3000; round++)
        {
            int size = round % 50 == 0 ? random.Next(1, 3000) : random.Next(1, 70);
            float spread = random.Next(3) switch { 0 => 1, 1 => 8, _ => 40 };
            float[] logits = [.. Enumerable.Range(0, size).Select(_ => (random.NextSingle() - 0.5f) * spread)];
            if (random.Next(3) == 0) for (int i = 0; i < size; i++) logits[i] = MathF.Round(logits[i]); // ties
            GenerationOptions options = AnyOptions(random, size);
            int[] prompt = Tokens(random, size, random.Next(1, 12)), output = Tokens(random, size, random.Next(0, 12));
            ulong seed = (ulong)random.NextInt64();

            var state = new SamplerState(options, seed, prompt);
            foreach (int token in output) state.Advance(token);
            float[] before = [.. logits];
            int got = sampler.Choose(logits, state).Token, want = SlowSampler.Choose(logits, options, seed, prompt, output);
            Assert.True(got == want, $"round {round}: got {got}, want {want}; {options}, size {size}");
            Assert.Equal(before, logits);
        }
    }

    [Fact]
    public void State_rewound_along_a_branch_is_the_state_before()
    {
        var random = new Random(2);
        for (int round = 0; round < 300; round++)
        {
            var options = new GenerationOptions { RepetitionPenalty = 1.3f, RepetitionWindow = random.Next(1, 9), FrequencyPenalty = 0.4f, PresencePenalty = 0.2f };
            int[] prompt = Tokens(random, 6, random.Next(1, 8)), output = Tokens(random, 6, 10);
            var state = new SamplerState(options, 0, prompt);
            foreach (int token in output) state.Advance(token);
            SamplerState copy = state.Copy();
            int back = random.Next(0, 11);
            foreach (int token in Tokens(random, 6, 5)) copy.Advance(token);
            copy.Rewind(state.Position - back);
            foreach (int token in output[(10 - back)..]) copy.Advance(token);
            Assert.Equal(state.Position, copy.Position);
            Assert.Equal(state.Counts!.OrderBy(c => c.Key), copy.Counts!.OrderBy(c => c.Key));
        }
        Assert.Throws<ArgumentOutOfRangeException>(() => new SamplerState(new GenerationOptions(), 0, [1, 2]).Rewind(1));
        Assert.Throws<ArgumentOutOfRangeException>(() => new SamplerState(new GenerationOptions(), 0, [1, 2]).Rewind(3));
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    [InlineData(float.NegativeInfinity)]
    public void Logits_that_are_not_finite_are_a_typed_error_in_the_target_and_end_a_draft(float bad)
    {
        for (int at = 0; at < 37; at++)
        {
            var logits = new float[37];
            logits[at] = bad;
            foreach (float temperature in new[] { 0f, 1f })
            {
                var state = new SamplerState(new GenerationOptions { Temperature = temperature }, 1, [0]);
                var error = Assert.Throws<LogitsException>(() => new Sampler().Choose(logits, state));
                Assert.Contains($"token {at} ", error.Message, StringComparison.Ordinal);
                Assert.Equal(0, new DraftRanking().Rank(logits, state, 1, new DraftCandidate[4]));
                if (at >= 30) Assert.InRange(new Sampler(30).Choose(logits, state).Token, 0, 29); // padding is not looked at
            }
        }
    }

    [Fact]
    public void Forbidding_every_token_is_a_typed_error()
    {
        var bias = new Dictionary<int, float> { [0] = float.NegativeInfinity, [1] = float.NegativeInfinity };
        var state = new SamplerState(new GenerationOptions { LogitBias = bias }, 1, [0]);
        Assert.Throws<LogitsException>(() => new Sampler().Choose([1f, 2f], state));
        Assert.Equal(2, new Sampler().Choose([1f, 2f, 0f], state).Token);
    }

    [Fact]
    public void Padding_is_never_chosen()
    {
        float[] logits = new float[64];
        logits.AsSpan(50).Fill(30);
        var sampler = new Sampler(50);
        for (int i = 0; i < 200; i++) Assert.InRange(sampler.Choose(logits, State(1, 5, i)).Token, 0, 49);
    }

    [Fact]
    public void Log_probabilities_are_the_models_own_and_the_ranking_is_by_likelihood_then_id()
    {
        float[] logits = [1f, 3f, 3f, -2f, 0f];
        double[] law = SlowSampler.Softmax([.. logits.Select(x => (double)x)], 1);
        var options = new GenerationOptions { Temperature = 1.5f, TopK = 1, LogProbs = 3, LogitBias = new Dictionary<int, float> { [4] = 50 } };
        TokenChoice choice = new Sampler().Choose(logits, new SamplerState(options, 1, [0]));
        Assert.Equal(4, choice.Token);
        Assert.Equal(Math.Log(law[4]), choice.LogProbability!.Value, 1e-5);
        Assert.Equal([1, 2, 0], choice.Top!.Select(t => t.Token));
        foreach (TokenLogProbability top in choice.Top!) Assert.Equal(Math.Log(law[top.Token]), top.LogProbability, 1e-5);
        Assert.Null(new Sampler().Choose(logits, State(1, 1, 0)).Top);
    }

    [Fact]
    public void A_draft_with_the_targets_logits_ranks_the_targets_choice_first()
    {
        var random = new Random(4);
        var ranking = new DraftRanking();
        for (int round = 0; round < 500; round++)
        {
            int size = random.Next(1, 90);
            float[] logits = [.. Enumerable.Range(0, size).Select(_ => random.NextSingle() * 6)];
            var state = new SamplerState(AnyOptions(random, size) with { LogProbs = null }, 11, Tokens(random, size, 3));
            var candidates = new DraftCandidate[8];
            int count = ranking.Rank(logits, state, state.Position, candidates);
            Assert.Equal(new Sampler().Choose(logits, state).Token, candidates[0].Token);

            double[] shaped = SlowSampler.Shape(logits, state.Options, [], []);
            if (state.Counts is null)
            {
                double t = state.Options.Temperature;
                double Score(int i) => t == 0 ? shaped[i] : shaped[i] / t + GumbelNoise.At(11, state.Position, i);
                int[] want = [.. SlowSampler.Ranked(shaped).OrderByDescending(Score).Take(8)];
                Assert.Equal(want, candidates[..count].Select(c => c.Token));
                double[] law = SlowSampler.Softmax(shaped, t == 0 ? 1 : t);
                Assert.All(candidates[..count], c => Assert.Equal(law[c.Token], c.Probability, 1e-5));
            }
        }
    }

    [Fact]
    public void A_draft_with_its_own_numbering_uses_the_targets_noise()
    {
        float[] target = [0.3f, 1f, 0.2f, 0.9f, 0.5f];
        int[] ids = [3, -1, 0, 4, 1, 2]; // the draft's second token has no counterpart
        float[] draft = [.. ids.Select(id => id < 0 ? 0.1f : target[id])];
        var ranking = new DraftRanking(5, ids);
        for (int position = 0; position < 200; position++)
        {
            var candidates = new DraftCandidate[2];
            SamplerState state = State(1, 8, position);
            Assert.Equal(2, ranking.Rank(draft, state, position, candidates));
            Assert.Equal(new Sampler().Choose(target, state).Token, candidates[0].Token);
        }
    }

    [Fact]
    public void Vector_exponentials_and_sums_have_the_canonical_bits()
    {
        var random = new Random(5);
        float[] x = [0f, -0f, float.NegativeInfinity, -87.3f, -87.4f, -1e30f, .. Enumerable.Range(0, 997).Select(_ => -random.NextSingle() * 100)];
        var got = new float[x.Length];
        LogitScan.Exponentials(x, 0, 0.7f, got);
        for (int i = 0; i < x.Length; i++) Assert.Equal(BitConverter.SingleToInt32Bits(CanonicalMath.Exp((x[i] - 0f) * 0.7f)), BitConverter.SingleToInt32Bits(got[i]));
        var lanes = new float[CanonicalMath.Lanes];
        for (int i = 0; i < got.Length; i++) lanes[i % lanes.Length] += got[i];
        Assert.Equal(CanonicalMath.SumLanes(lanes), LogitScan.Sum(got));
    }

    [Fact]
    public void Choosing_allocates_nothing_once_warm()
    {
        var random = new Random(6);
        float[] logits = [.. Enumerable.Range(0, 2000).Select(_ => random.NextSingle() * 9)];
        var options = new GenerationOptions { Temperature = 0.8f, TopK = 200, TopP = 0.9f, MinP = 0.01f, RepetitionPenalty = 1.1f, FrequencyPenalty = 0.1f, LogitBias = new Dictionary<int, float> { [3] = 1 } };
        var state = new SamplerState(options, 1, [1, 2, 3]);
        var sampler = new Sampler();
        var ranking = new DraftRanking();
        var candidates = new DraftCandidate[10];
        void Once()
        {
            ranking.Rank(logits, state, state.Position, candidates);
            int position = state.Position;
            state.Advance(sampler.Choose(logits, state).Token);
            state.Rewind(position);
        }
        for (int i = 0; i < 50; i++) Once();
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 50; i++) Once();
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    private static readonly Sampler Shared = new();

    private SamplerState _last = State(0, 0, 0);

    private int Draw(float temperature, ulong seed, int position)
    {
        if (_last.Seed != seed || _last.Options.Temperature != temperature || _last.Position > position) _last = State(temperature, seed, 0);
        while (_last.Position < position) _last.Advance(0);
        return Shared.Choose(Peaked, _last).Token;
    }

    private static int Best(Func<int, double> score) => Enumerable.Range(0, Peaked.Length).MaxBy(score);

    private static SamplerState State(float temperature, ulong seed, int position)
    {
        var state = new SamplerState(new GenerationOptions { Temperature = temperature }, seed, []);
        while (state.Position < position) state.Advance(0);
        return state;
    }

    /// <summary>Pearson's test at a false-alarm rate of about one in 10⁸ (normal approximation of chi-square); seeds are fixed anyway.</summary>
    private static bool Fits(double[] law, int draws, Func<int, int> draw)
    {
        var counts = new int[law.Length];
        for (int i = 0; i < draws; i++) counts[draw(i)]++;
        double statistic = 0;
        int cells = 0;
        for (int i = 0; i < law.Length; i++)
        {
            double expected = law[i] * draws;
            if (expected < 5) continue;
            statistic += (counts[i] - expected) * (counts[i] - expected) / expected;
            cells++;
        }
        double degrees = cells - 1, cube = Math.Pow(statistic / degrees, 1.0 / 3); // Wilson and Hilferty
        return (cube - (1 - 2 / (9 * degrees))) / Math.Sqrt(2 / (9 * degrees)) < 5.6;
    }

    private static GenerationOptions AnyOptions(Random random, int size) => new()
    {
        Temperature = random.Next(4) switch { 0 => 0, 1 => 0.4f, 2 => 1, _ => 2.3f },
        TopK = random.Next(3) == 0 ? random.Next(1, size + 3) : null,
        TopP = random.Next(3) == 0 ? (random.Next(1, 100) + 0.0031f) / 100 : null,
        MinP = random.Next(3) == 0 ? random.NextSingle() * 0.4f : null,
        RepetitionPenalty = random.Next(3) == 0 ? 0.7f + random.NextSingle() : 1,
        RepetitionWindow = random.Next(2) == 0 ? random.Next(1, 15) : null,
        FrequencyPenalty = random.Next(3) == 0 ? random.NextSingle() - 0.3f : 0,
        PresencePenalty = random.Next(3) == 0 ? random.NextSingle() - 0.3f : 0,
        LogitBias = random.Next(3) == 0 ? new Dictionary<int, float> { [random.Next(size)] = random.NextSingle() * 4 - 2 } : null,
    };

    private static int[] Tokens(Random random, int size, int count) => [.. Enumerable.Range(0, count).Select(_ => random.Next(size))];
}
