using FsCheck;
using FsCheck.Fluent;

namespace Switchyard.Properties;

/// <summary>Generators that several laws share.</summary>
internal static class CaseGenerators
{
    /// <summary>Model numbers are counted round, so a subject with one model always gets that one.</summary>
    public static Gen<int> Models { get; } = Gen.Choose(0, TinyModels.All.Count - 1);

    public static Gen<int> ModelSeeds { get; } = Gen.Choose(0, 1);

    public static Gen<int> Seeds { get; } = Gen.Choose(0, 1 << 30);

    /// <summary>Token ids of the smallest vocabulary; every model has them.</summary>
    public static Gen<int[]> Tokens(int least, int most) =>
        from count in Gen.Choose(least, most)
        from tokens in Gen.Choose(0, TinyModels.VocabSize - 1).ArrayOf(count)
        select tokens;

    public static Gen<TreeCase> Trees(int mostPrompt = 40, int mostNodes = 14) =>
        from model in Models
        from seed in ModelSeeds
        from prompt in Tokens(1, mostPrompt)
        from tokens in Tokens(1, mostNodes)
        from shape in Seeds
        select new TreeCase(model, seed, prompt, tokens, Parents(tokens.Length, shape));

    /// <summary>Parents of a tree: now a chain, now a bush.</summary>
    public static int[] Parents(int count, int seed)
    {
        var random = new CaseRandom(seed);
        int bushiness = random.Below(4);
        return [.. Enumerable.Range(0, count).Select(n => random.Below(4) >= bushiness ? n - 1 : random.Below(n + 1) - 1)];
    }

    public static IEnumerable<int[]> Shorter(int[] tokens, int least)
    {
        if (tokens.Length / 2 >= least && tokens.Length > 1) yield return tokens[..(tokens.Length / 2)];
        if (tokens.Length - 1 >= least) yield return tokens[1..];
        if (tokens.Length - 1 >= least) yield return tokens[..^1];
    }
}
