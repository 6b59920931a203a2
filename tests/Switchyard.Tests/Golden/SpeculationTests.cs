using Switchyard.Backends.Cpu;
using Switchyard.Model;
using Switchyard.Model.Files;
using Switchyard.Strategies;
using Switchyard.Strategies.Cast;
using Switchyard.Strategies.Costs;
using Switchyard.Strategies.Speculation;
using Switchyard.Tests.Cast;
using Switchyard.Tests.PropertyRuns;
using Switchyard.Tests.Speculation;
using Xunit;

namespace Switchyard.Tests.Golden;

/// <summary>Speculation on every model at hand gives plain decoding's tokens.</summary>
[Collection(OneAtATime.Name)]
public sealed class SpeculationTests
{
    public static TheoryData<string> Folders => FolderTests.Folders;

    [Theory]
    [MemberData(nameof(Folders))]
    public void Every_way_to_draft_gives_the_tokens_of_plain_decoding(string folder)
    {
        folder = Path.GetFullPath(folder, TestPaths.RepositoryRoot);
        int[][] prompts = [.. GoldenReference.OfFolder(folder).Cases.Select(one => one.PromptIds)];
        using var backend = new CpuBackend(new CpuOptions { Threads = 2 });
        using TransformerModel model = ModelLoader.Load(folder, backend, new LoadOptions { ContextLength = 128 });
        DecodingRequest[] plain = Requests(prompts);
        using (var oracle = new AutoregressiveStrategy(Runner(model))) Decoding.Run(oracle, plain, 1);
        foreach (Func<ModelRunner, SpeculativeStrategy> make in Strategies)
        {
            DecodingRequest[] requests = Requests(prompts);
            using SpeculativeStrategy strategy = make(Runner(model));
            Decoding.Run(strategy, requests, 4);
            Decoding.Same(plain, requests);
            Assert.Equal("", strategy.Report.ToString());
        }
    }

    private static Func<ModelRunner, SpeculativeStrategy>[] Strategies { get; } =
    [
        runner => SpeculativeStrategies.Lookup(runner, 5),
        runner => SpeculativeStrategies.Self(runner, runner.Model.SharedExit(1)),
        runner => SpeculativeStrategies.Tree(runner, Runner(runner.Model), 3, 3, 8), // the target as its own draft
        runner => new SpeculativeStrategy(
            "cast", runner, new SelfDrafter(runner, runner.Model.SharedExit(1)),
            new CastShaper(new TableCosts(Trees.RandomTable(new Random(1)), Trees.RandomTable(new Random(2), 0.05)), new CastOptions { MaxNodes = 12 }), new() { Reliability = new Reliability() }),
    ];

    private static DecodingRequest[] Requests(int[][] prompts)
    {
        GenerationOptions[] options =
        [
            new() { MaxNewTokens = 20, Seed = 1, IgnoreEos = true },
            new() { MaxNewTokens = 20, Seed = 2, Temperature = 0.7f, TopP = 0.9f, IgnoreEos = true },
            new() { MaxNewTokens = 20, Seed = 3, Temperature = 1.3f, RepetitionPenalty = 1.2f, FrequencyPenalty = 0.2f, IgnoreEos = true },
        ];
        return [.. options.SelectMany(option => prompts.Take(2).Select(prompt => new DecodingRequest(prompt, option)))];
    }

    private static ModelRunner Runner(TransformerModel model) => new(model, 128, 1024);
}
