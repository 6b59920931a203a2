using Switchyard.Strategies;
using Switchyard.Strategies.Sampling;

namespace Switchyard.Properties.Faults;

/// <summary>Mistakes in drawing tokens.</summary>
public static class PlantedSamplerBugs
{
    private static readonly Sampler Right = new();

    /// <summary>Every position draws the same noise.</summary>
    public static PlantedBug NoiseIgnoresPosition { get; } = Of(
        "noise-ignores-position", "The noise of a token is the same at every position.", (logits, s) => Draw(logits, s.Options, s.Seed, 1));

    /// <summary>Every seed draws the same noise.</summary>
    public static PlantedBug NoiseIgnoresSeed { get; } = Of(
        "noise-ignores-seed", "The noise of a token is the same for every seed.", (logits, s) => Draw(logits, s.Options, 1, s.Position));

    /// <summary>Every other position draws the noise of the one before.</summary>
    public static PlantedBug PositionsInPairs { get; } = Of(
        "positions-in-pairs", "Two neighbouring positions draw the same noise.", (logits, s) => Draw(logits, s.Options, s.Seed, s.Position / 2));

    /// <summary>The temperature is left out.</summary>
    public static PlantedBug TemperatureIgnored { get; } = Of(
        "temperature-ignored", "Tokens are drawn at temperature 1 whatever was asked for.",
        (logits, s) => Draw(logits, s.Options.Temperature == 1 ? s.Options with { Temperature = 1.5f } : s.Options with { Temperature = 1 }, s.Seed, s.Position));

    /// <summary>Top-k keeps one token more.</summary>
    public static PlantedBug TopKOneTooMany { get; } = Of(
        "top-k-one-too-many", "Top-k keeps one token more.", (logits, s) => Draw(logits, s.Options with { TopK = s.Options.TopK + 1 }, s.Seed, s.Position));

    /// <summary>Noise is shared by tokens.</summary>
    public static PlantedBug NoiseOfToken { get; } = Of(
        "noise-shared-by-tokens", "Tokens share their noise in pairs.", (logits, s) => SharedNoise(logits, s));

    /// <summary>Ties go to the higher id.</summary>
    public static PlantedBug TiesUp { get; } = Of(
        "greedy-ties-to-higher-id", "Of two equally likely tokens the higher id is chosen.", (logits, s) =>
        {
            int best = Right.Choose(logits, s).Token;
            return Array.FindLastIndex(logits, l => l == logits[best]);
        });

    private static int Draw(float[] logits, GenerationOptions options, ulong seed, int position) =>
        Right.Choose(logits, new SamplerState(options with { RepetitionPenalty = 1 }, seed, new int[position])).Token;

    private static int SharedNoise(float[] logits, SamplerState state)
    {
        int best = 0;
        double highest = double.NegativeInfinity;
        for (int token = 0; token < logits.Length; token++)
        {
            double score = logits[token] / state.Options.Temperature + GumbelNoise.At(state.Seed, state.Position, token / 2);
            if (score > highest) (best, highest) = (token, score);
        }
        return best;
    }

    private static PlantedBug Of(string id, string sentence, Func<float[], SamplerState, int> choose) =>
        new(id, sentence, subject => subject with { Name = $"{subject.Name} with {id}", Choose = choose });
}
