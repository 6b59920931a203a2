using System.Globalization;
using FsCheck;
using FsCheck.Fluent;
using Switchyard.Strategies;

namespace Switchyard.Properties;

/// <summary>Options of generation by chance: every temperature, truncation, penalty and way to stop.</summary>
internal static class OptionGenerators
{
    public static Gen<GenerationOptions> Any =>
        from temperature in Gen.Elements(0f, 0f, 0.7f, 1.3f)
        from seed in Gen.Choose(0, 1_000_000)
        from length in Gen.Choose(1, 24)
        from kind in Gen.Choose(0, 9)
        from token in Gen.Choose(0, TinyModels.VocabSize - 1)
        select Varied(new GenerationOptions { Temperature = temperature, Seed = (ulong)seed, MaxNewTokens = length }, kind, token);

    /// <summary>Greedy, without any option but length and seed.</summary>
    public static GenerationOptions Simplest(GenerationOptions options) => new() { MaxNewTokens = options.MaxNewTokens, Seed = options.Seed, ExitConfidence = options.ExitConfidence };

    public static string Describe(GenerationOptions o)
    {
        var parts = new List<string> { FormattableString.Invariant($"T={o.Temperature}"), $"seed {o.Seed}", $"length {o.MaxNewTokens}" };
        if (o.TopK is { } k) parts.Add($"top-k {k}");
        if (o.TopP is { } p) parts.Add($"top-p {p.ToString(CultureInfo.InvariantCulture)}");
        if (o.MinP is { } m) parts.Add($"min-p {m.ToString(CultureInfo.InvariantCulture)}");
        if (o.RepetitionPenalty != 1) parts.Add(FormattableString.Invariant($"repetition {o.RepetitionPenalty} over {o.RepetitionWindow}"));
        if (o.FrequencyPenalty != 0 || o.PresencePenalty != 0) parts.Add(FormattableString.Invariant($"frequency {o.FrequencyPenalty} presence {o.PresencePenalty}"));
        if (o.LogitBias is { Count: > 0 } bias) parts.Add($"bias {string.Join(" ", bias.Select(b => FormattableString.Invariant($"{b.Key}:{b.Value}")))}");
        if (o.StopTokens.Count > 0) parts.Add($"stop tokens {string.Join(",", o.StopTokens)}");
        if (o.StopStrings.Count > 0) parts.Add($"stop strings {string.Join(",", o.StopStrings)}");
        if (o.ExitConfidence is { } confidence) parts.Add(FormattableString.Invariant($"exits above {confidence}"));
        return string.Join(", ", parts);
    }

    private static GenerationOptions Varied(GenerationOptions o, int kind, int token) => kind switch
    {
        0 => o with { TopK = 1 + token % 7 },
        1 => o with { TopP = 0.3f + token / 60f },
        2 => o with { MinP = token / 60f },
        3 => o with { RepetitionPenalty = 1.3f, RepetitionWindow = token % 2 == 0 ? null : 5 },
        4 => o with { FrequencyPenalty = 0.4f, PresencePenalty = 0.6f },
        5 => o with { LogitBias = new Dictionary<int, float> { [token] = 3, [(token + 1) % TinyModels.VocabSize] = float.NegativeInfinity } },
        6 => o with { StopTokens = new HashSet<int> { token, (token + 5) % TinyModels.VocabSize } },
        7 => o with { StopStrings = [LetterText.Letters(token) + LetterText.Letters((token * 7 + 1) % TinyModels.VocabSize), LetterText.Letters(token + 3)] },
        _ => o,
    };
}
