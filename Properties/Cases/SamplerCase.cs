using FsCheck;
using FsCheck.Fluent;
using Switchyard.Strategies;

namespace Switchyard.Properties;

/// <summary>Logits of a small vocabulary and the options they are drawn with.</summary>
/// <param name="Logits">One for each token.</param>
/// <param name="Prompt">Tokens before the first position; penalties see them.</param>
/// <param name="Options">Temperature above 0, and perhaps one thing more.</param>
/// <param name="Seed">The request's seed, or the first of many.</param>
public sealed record SamplerCase(float[] Logits, int[] Prompt, GenerationOptions Options, ulong Seed)
{
    internal static Gen<SamplerCase> Any =>
        from count in Gen.Choose(2, 9)
        from seed in CaseGenerators.Seeds
        from temperature in Gen.Elements(0.5f, 1f, 1.7f)
        from kind in Gen.Choose(0, 7)
        from prompt in Gen.Choose(0, count - 1).ArrayOf(4)
        select Make(count, prompt, temperature, kind, seed);

    /// <inheritdoc/>
    public override string ToString() =>
        $"logits [{string.Join(", ", Logits.Select(l => FormattableString.Invariant($"{l:G9}")))}], {OptionGenerators.Describe(Options)}, prompt [{string.Join(",", Prompt)}], seed {Seed}";

    private static SamplerCase Make(int count, int[] prompt, float temperature, int kind, int seed)
    {
        var random = new CaseRandom(seed);
        float[] logits = [.. random.Normals(count, 1.5f).Select(l => MathF.Round(l * 8) / 8)];
        var options = new GenerationOptions { Temperature = temperature };
        options = kind switch
        {
            0 => options with { TopK = 1 + random.Below(count) },
            1 => options with { TopP = 0.2f + random.Below(70) / 100f },
            2 => options with { MinP = random.Below(60) / 100f },
            3 => options with { RepetitionPenalty = 1.5f },
            4 => options with { TopK = 1 + random.Below(count), TopP = 0.6f },
            5 => options with { LogitBias = new Dictionary<int, float> { [random.Below(count)] = 1.5f } },
            _ => options,
        };
        return new SamplerCase(logits, prompt, options, (ulong)seed);
    }
}
