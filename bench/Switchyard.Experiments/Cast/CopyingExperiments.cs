using Switchyard.Experiments.Measuring;
using Switchyard.Experiments.Results;
using Switchyard.Model;
using Switchyard.Strategies;
using Switchyard.Strategies.Drex;
using Switchyard.Strategies.Speculation;
using Switchyard.Tensor;

namespace Switchyard.Experiments.Cast;

/// <summary>Lookup where the output repeats the prompt.</summary>
internal static class CopyingExperiments
{
    private const int First = 100; // the first token of a text on the true shape
    private const int Run = 8;
    private const double Copying = 0.5;

    /// <summary>The trained model tells a story that it told before, which stands in its prompt.</summary>
    public static void OnTales(ExperimentSetting setting, ResultDocument document, TransformerModel target, TextWriter log)
    {
        GenerationOptions Options(int _) => new() { Temperature = 0, MaxNewTokens = setting.NewTokens, IgnoreEos = true };
        int[][] beginnings = TalesExperiments.NewPrompts(setting, TalesExperiments.Prompts.Length), prompts;
        IReadOnlyList<int[]> again;
        using (var plain = new AutoregressiveStrategy(TalesExperiments.Runner(target, 1, 1)))
        {
            IReadOnlyList<int[]> stories = DrexMeasurement.Run(plain, beginnings, Options, concurrency: 1).Outputs;
            prompts = [.. beginnings.Zip(stories, (beginning, story) => (int[])[.. beginning, .. story, .. beginning])];
            again = DrexMeasurement.Run(plain, prompts, Options, concurrency: 1).Outputs;
        }
        document.Heading(3, "Lookup on copying");
        document.Text($"Temperature 0: a beginning, the story that the model told after it, and the beginning again. Whether the model tells the same story again is up to the model: \"quoted\" is the part of its output in runs of {Run} tokens or more that stand in the prompt, by plain decoding. A task is a copying task if that is {Copying:P0} or more.");
        var rows = new List<object?[]>();
        foreach ((string name, bool copies) in ((string, bool)[])[("copying tasks", true), ("the others", false)])
        {
            int[] chosen = [.. Enumerable.Range(0, prompts.Length).Where(i => Quoted(again[i], prompts[i]) >= Copying == copies)];
            if (chosen.Length == 0) continue;
            using var contest = new Contest([.. chosen.Select(i => prompts[i])], Options, setting.SmallRounds);
            contest.Add("plain", new AutoregressiveStrategy(TalesExperiments.Runner(target, 1, 1)));
            contest.Add("lookup", SpeculativeStrategies.Lookup(TalesExperiments.Runner(target, 1, 9)));
            ContestResult result = contest.Run(1, log);
            rows.Add([name, chosen.Length, $"{chosen.Average(i => Quoted(again[i], prompts[i])):P0}", result["plain"], result.Drafts("lookup").TokensPerStep, result.Gain("lookup")]);
        }
        document.Table(["tasks", "how many", "quoted", "plain, tokens/s", "tokens a pass that checked", "lookup, times plain"], rows);
    }

    // Part of the tokens that lie in a run of some length or more that stands in the prompt.
    private static double Quoted(int[] output, int[] prompt)
    {
        int quoted = 0;
        for (int i = 0, covered = 0; i + Run <= output.Length; i++)
        {
            if (prompt.AsSpan().IndexOf(output.AsSpan(i, Run)) < 0) continue;
            quoted += i + Run - Math.Max(i, covered);
            covered = i + Run;
        }
        return quoted / (double)output.Length;
    }

    /// <summary>
    /// A model of true shape and cost whose next token is always the next id, so that what it will write can be put into its prompt
    /// beforehand, with differences: lookup works as ever, and nobody tells it where they are.
    /// </summary>
    public static void OnTrueShape(ExperimentSetting setting, ResultDocument document, TextWriter log)
    {
        TransformerModel model = setting.OpenSuccessor(DType.Q8_0);
        int tokens = setting.Quick ? 24 : 2 * setting.LargeTokens;
        (string Name, int[] Prompt)[] tasks =
        [
            ("a copy", Prompt(tokens, _ => true, replaces: false)),
            ("a code edit: one token of 24 is another", Prompt(tokens, i => i % 24 != 20, replaces: true)),
            ("a summary that quotes: 24 tokens quoted, then 6 of its own", Prompt(tokens, i => i % 30 < 24, replaces: false)),
        ];
        document.Heading(2, $"Lookup on copying, {setting.SyntheticName}, Q8_0");
        document.Text($"A model of the true shape, with every product computed, whose weights make it write consecutive ids. The prompt is the text it will write, with differences; lookup finds in it what it can, chains of 8. {tokens} tokens, batch 1.");
        var rows = new List<object?[]>();
        foreach ((string name, int[] prompt) in tasks)
        {
            using var contest = new Contest([prompt], _ => new GenerationOptions { Temperature = 0, MaxNewTokens = tokens, IgnoreEos = true }, setting.LargeRounds) { WarmUpTokens = 4 };
            contest.Add("plain", new AutoregressiveStrategy(TalesExperiments.Runner(model, 1, 1)));
            contest.Add("lookup", SpeculativeStrategies.Lookup(TalesExperiments.Runner(model, 1, 9)));
            ContestResult result = contest.Run(1, log);
            rows.Add([name, result["plain"], result.Drafts("lookup").TokensPerStep, result.Gain("lookup")]);
        }
        document.Table(["task", "plain, tokens/s", "tokens a pass that checked", "lookup, times plain"], rows);
        setting.Close(model);
    }

    /// <summary>A text of consecutive ids as it stands in a prompt, then its first two tokens again: the model writes all of it.</summary>
    /// <param name="tokens">Tokens that will be written.</param>
    /// <param name="stands">Whether the i-th token stands in the prompt.</param>
    /// <param name="replaces">Whether another token stands in place of one that does not, or nothing.</param>
    private static int[] Prompt(int tokens, Func<int, bool> stands, bool replaces)
    {
        var prompt = new List<int>();
        for (int i = 0; i < tokens + 2; i++)
            if (stands(i)) prompt.Add(First + i);
            else if (replaces) prompt.Add(First - 1 - i % 50);
        return [.. prompt, First, First + 1];
    }
}
