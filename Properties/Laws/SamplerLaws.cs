using FsCheck;
using FsCheck.Fluent;
using Switchyard.Properties.Faults;
using Switchyard.Strategies.Sampling;

namespace Switchyard.Properties;

/// <summary>The distribution that tokens are drawn from; equality of tokens says nothing about it.</summary>
public static class SamplerLaws
{
    private const int Draws = 1500;

    /// <summary>Every law.</summary>
    public static IReadOnlyList<Law> All { get; } =
    [
        new CheckedLaw<SamplerCase>(
            "sampler/seeds", LawKind.Sampling,
            "Over seeds, tokens of one position follow the soft-max after penalties, bias, temperature, top-k, top-p and min-p.",
            SamplerCase.Any.ToArbitrary(), 40, OverSeeds,
            PlantedSamplerBugs.NoiseIgnoresSeed, PlantedSamplerBugs.TemperatureIgnored, PlantedSamplerBugs.TopKOneTooMany, PlantedSamplerBugs.NoiseOfToken),
        new CheckedLaw<SamplerCase>(
            "sampler/positions", LawKind.Sampling,
            "Over the positions of one request, tokens follow the soft-max, and neighbours are independent.",
            Arb.From(SamplerCase.Any.Select(c => c with { Options = c.Options with { RepetitionPenalty = 1 } })), 40, OverPositions,
            PlantedSamplerBugs.NoiseIgnoresPosition, PlantedSamplerBugs.TemperatureIgnored, PlantedSamplerBugs.PositionsInPairs),
        new CheckedLaw<SamplerCase>(
            "sampler/greedy", LawKind.Sampling,
            "At temperature 0 the likeliest token is chosen, the lowest id of equal ones, whatever the seed.",
            Arb.From(SamplerCase.Any.Select(c => c with { Options = c.Options with { Temperature = 0, TopK = null, TopP = null, MinP = null } })), 100, Greedy,
            PlantedSamplerBugs.TiesUp),
    ];

    private static Verdict OverSeeds(LawRun run, SamplerCase c)
    {
        if (ExactDistribution.Of(c) is not { } exact) return Verdict.NotApplicable("a cut falls on a token");
        int[] counts = new int[exact.Length];
        for (int i = 0; i < Draws; i++) counts[run.Subject.Choose(c.Logits, new SamplerState(c.Options, c.Seed + (ulong)i, c.Prompt))]++;
        return ChiSquare.Test(counts, exact, "over seeds");
    }

    private static Verdict OverPositions(LawRun run, SamplerCase c)
    {
        if (ExactDistribution.Of(c) is not { } exact) return Verdict.NotApplicable("a cut falls on a token");
        int[] counts = new int[exact.Length], pairs = new int[exact.Length * exact.Length];
        var state = new SamplerState(c.Options, c.Seed, c.Prompt);
        int previous = -1;
        for (int i = 0; i < Draws; i++)
        {
            int token = run.Subject.Choose(c.Logits, state);
            counts[token]++;
            if (i % 2 == 1) pairs[previous * exact.Length + token]++; // pairs that share no draw are independent of each other
            previous = token;
            state.Advance(token);
        }
        double[] exactPairs = [.. exact.SelectMany(first => exact.Select(second => first * second))];
        return ModelLaws.FirstBroken(() => ChiSquare.Test(counts, exact, "over positions"), () => ChiSquare.Test(pairs, exactPairs, "over pairs of neighbours"));
    }

    private static Verdict Greedy(LawRun run, SamplerCase c)
    {
        double[] likelihoods = ExactDistribution.Of(c with { Options = c.Options with { Temperature = 1 } })!;
        int want = Array.IndexOf(likelihoods, likelihoods.Max());
        int got = run.Subject.Choose(c.Logits, new SamplerState(c.Options, c.Seed, c.Prompt));
        return Verdict.Of(got == want, () => $"token {got} was chosen, {want} is the likeliest");
    }
}
