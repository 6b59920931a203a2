using Switchyard.Experiments.Measuring;
using Switchyard.Experiments.Results;
using Switchyard.Model;
using Switchyard.Strategies;
using Switchyard.Strategies.Speculation;

namespace Switchyard.Experiments.Cast;

/// <summary>Lookup where the output repeats the prompt: a text twice, then its beginning.</summary>
internal static class LookupExperiment
{
    private static readonly string[] Texts =
    [
        "The fox went to the well and looked into the water. He saw the moon there, and he thought that it was a cheese. ",
        "There was once a tailor who had three sons and one goat. Every day one of the sons took the goat to the meadow. ",
        "The miller said that the mill should go to the eldest, the donkey to the second, and the cat to the youngest. ",
    ];

    /// <summary>Measures.</summary>
    public static void Run(ExperimentSetting setting, ResultDocument document, TransformerModel target, TextWriter log)
    {
        log.WriteLine("lookup");
        int[][] prompts = [.. Texts.Select(text => setting.Tokenizer.Encode(text + text + text[..30]))];
        using var contest = new Contest(prompts, _ => new GenerationOptions { Temperature = 0, MaxNewTokens = setting.NewTokens, IgnoreEos = true }, setting.Rounds);
        contest.Add("plain", new AutoregressiveStrategy(CastExperiments.Runner(target, 1, 1)));
        SpeculativeStrategy lookup = SpeculativeStrategies.Lookup(CastExperiments.Runner(target, 1, 9));
        int steps = 0, accepted = 0;
        lookup.OnVerified = session => (steps, accepted) = (steps + 1, accepted + session.Accepted.Length);
        contest.Add("lookup", lookup);
        Dictionary<string, double> speeds = contest.Run(1, log);
        document.Heading(2, "Lookup on copying");
        document.Text($"{setting.TargetName}, temperature 0: a passage twice, then its first words; whether the model goes on copying is up to the model. {(steps == 0 ? 0 : 1 + (double)accepted / steps):F2} tokens a pass that checked guesses; {speeds["lookup"] / speeds["plain"]:F2} times plain ({speeds["plain"]:F1} tokens/s).");
    }
}
