using Switchyard.Strategies;
using Xunit;

namespace Switchyard.Tests.Sampling;

public class GenerationOptionsTests
{
    public static TheoryData<string, GenerationOptions> Bad => new()
    {
        { "MaxNewTokens", new() { MaxNewTokens = 0 } },
        { "Temperature", new() { Temperature = -1 } },
        { "Temperature", new() { Temperature = float.NaN } },
        { "Temperature", new() { Temperature = 1e-7f } },
        { "Temperature", new() { Temperature = float.PositiveInfinity } },
        { "TopK", new() { TopK = 0 } },
        { "TopP", new() { TopP = 0 } },
        { "TopP", new() { TopP = 1.01f } },
        { "TopP", new() { TopP = float.NaN } },
        { "MinP", new() { MinP = -0.1f } },
        { "RepetitionPenalty", new() { RepetitionPenalty = 0 } },
        { "RepetitionWindow", new() { RepetitionWindow = 0 } },
        { "FrequencyPenalty", new() { FrequencyPenalty = float.NaN } },
        { "PresencePenalty", new() { PresencePenalty = float.NegativeInfinity } },
        { "LogProbs", new() { LogProbs = 5000 } },
        { "StopStrings", new() { StopStrings = [""] } },
        { "StopTokens", new() { StopTokens = [100] } },
        { "LogitBias", new() { LogitBias = new Dictionary<int, float> { [-1] = 1 } } },
        { "LogitBias", new() { LogitBias = new Dictionary<int, float> { [1] = float.NaN } } },
    };

    [Theory]
    [MemberData(nameof(Bad))]
    public void An_option_outside_its_range_is_named(string option, GenerationOptions options)
    {
        var error = Assert.Throws<GenerationOptionsException>(() => options.Validate(vocabularySize: 100));
        Assert.Equal(option, error.Option);
        Assert.Contains(option, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Defaults_and_extremes_are_valid()
    {
        new GenerationOptions().Validate();
        new GenerationOptions { MaxNewTokens = 1, Temperature = 1e-6f, TopK = int.MaxValue, TopP = 1, MinP = 0, LogProbs = 0, StopTokens = [0, 99] }.Validate(100);
    }

    [Fact]
    public void Stop_strings_need_a_vocabulary_and_prompts_need_tokens_of_it()
    {
        Assert.Throws<GenerationOptionsException>(() => new DecodingRequest([1], new() { StopStrings = ["x"] }));
        Assert.Throws<ArgumentException>(() => new DecodingRequest([], new()));
        Assert.Throws<ArgumentException>(() => new DecodingRequest([-1], new()));
        Assert.Throws<ArgumentException>(() => new DecodingRequest([1, 4], new(), new ByteText([[1], [2], [3], [4]])));
    }

    [Fact]
    public void A_seed_is_drawn_when_none_is_given_and_reported()
    {
        Assert.Equal(5UL, new DecodingRequest([1], new() { Seed = 5 }).Seed);
        var drawn = Enumerable.Range(0, 8).Select(_ => new DecodingRequest([1], new())).ToList();
        Assert.Equal(8, drawn.Select(r => r.Seed).Distinct().Count());
        Assert.All(drawn, r => Assert.Equal(r.Seed, r.Sampler.Seed));
    }
}
