using Switchyard.Strategies;
using Xunit;

namespace Switchyard.Tests.Drex;

/// <summary>DREX as users name it.</summary>
public sealed class DrexByNameTests
{
    private static readonly string Folder = Path.Combine(TestPaths.Models, "tales-0.4m");

    [Fact]
    public async Task A_named_strategy_serves_requests_together_and_off_is_plain()
    {
        var options = new LocalModelOptions
        {
            Threads = 1, CacheTokens = 1024, Strategy = StrategySpec.Parse("drex:policy=off"),
            MoreStrategies = [StrategySpec.Plain, StrategySpec.Parse("drex:confidence=0.2,exits=1,kv=postfill,tbt=1s"), StrategySpec.Parse("drex:confidence=0.2,policy=latency-only")],
        };
        await using LocalModel model = await LocalModel.OpenAsync(Folder, options);
        DecodeReport[] reports = await Task.WhenAll(options.MoreStrategies.Prepend(options.Strategy).Select(
            spec => model.GenerateAsync("The king rode", new GenerationOptions { MaxNewTokens = 12, Seed = 3, Temperature = 0.5f }, spec)));
        Assert.Equal(reports[1].Tokens, reports[0].Tokens);
        Assert.Equal(reports[3].Tokens, reports[2].Tokens);
        Assert.Equal(DecodingGuarantee.Lossless, reports[0].Guarantee);
        Assert.Equal(DecodingGuarantee.PolicyExact, reports[2].Guarantee);
        Assert.All(reports, r => Assert.Equal(12, r.Tokens.Count));
    }

    [Theory]
    [InlineData("drex:patience=3", "patience")]
    [InlineData("drex:exits=2", "Exits")]
    [InlineData("drex:confidence=2", "Confidence")]
    public async Task What_does_not_fit_is_refused_with_its_name(string spec, string name)
    {
        StrategySpecException e = await Assert.ThrowsAsync<StrategySpecException>(() => LocalModel.OpenAsync(Folder, new LocalModelOptions { Threads = 1, CacheTokens = 256, Strategy = StrategySpec.Parse(spec) }));
        Assert.Contains(name, e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Heads_that_are_not_there_are_an_error() =>
        await Assert.ThrowsAnyAsync<IOException>(() => LocalModel.OpenAsync(Folder, new LocalModelOptions { Threads = 1, CacheTokens = 256, Strategy = StrategySpec.Parse("drex:heads=nowhere.safetensors") }));
}
