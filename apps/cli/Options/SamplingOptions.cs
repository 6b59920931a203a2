using System.CommandLine;
using Switchyard.Strategies;

namespace Switchyard.Cli.Options;

/// <summary>How tokens are chosen and when to stop: the options of <see cref="GenerationOptions"/>, by the same names.</summary>
internal sealed class SamplingOptions
{
    /// <summary>Tokens generated when nothing else is asked for.</summary>
    public const int DefaultMaxTokens = 256;

    private readonly Option<int> _maxTokens = new("--max-tokens", "-n") { CustomParser = r => NumberParser.Read<int>(r), Description = "Generate at most N tokens.", HelpName = "N", DefaultValueFactory = _ => DefaultMaxTokens };
    private readonly Option<float?> _temperature = new("--temperature", "-t") { CustomParser = r => NumberParser.Read<float>(r), Description = "0 takes the likeliest token. Without sampling options the model's generation_config.json decides, and greedy where it is silent.", HelpName = "T" };
    private readonly Option<ulong?> _seed = new("--seed", "-s") { CustomParser = r => NumberParser.Read<ulong>(r), Description = "The same seed gives the same tokens. Without one, one is drawn and reported.", HelpName = "N" };
    private readonly Option<int?> _topK = new("--top-k") { CustomParser = r => NumberParser.Read<int>(r), Description = "Keep the K likeliest tokens.", HelpName = "K" };
    private readonly Option<float?> _topP = new("--top-p") { CustomParser = r => NumberParser.Read<float>(r), Description = "Keep the likeliest tokens that together reach P.", HelpName = "P" };
    private readonly Option<float?> _minP = new("--min-p") { CustomParser = r => NumberParser.Read<float>(r), Description = "Keep tokens at least P times as likely as the likeliest.", HelpName = "P" };
    private readonly Option<float> _repetition = new("--repetition-penalty") { CustomParser = r => NumberParser.Read<float>(r), Description = "Make tokens already seen less likely; 1 changes nothing.", HelpName = "X", DefaultValueFactory = _ => 1 };
    private readonly Option<float> _frequency = new("--frequency-penalty") { CustomParser = r => NumberParser.Read<float>(r), Description = "Subtract X for each time a token was generated.", HelpName = "X" };
    private readonly Option<float> _presence = new("--presence-penalty") { CustomParser = r => NumberParser.Read<float>(r), Description = "Subtract X from every token that was generated.", HelpName = "X" };
    private readonly Option<string[]> _stop = new("--stop") { Description = "End before this text; may be repeated.", HelpName = "TEXT", Arity = ArgumentArity.OneOrMore };
    private readonly Option<bool> _ignoreEos = new("--ignore-eos") { Description = "Go on after the model's own end of text." };

    /// <summary>Adds the options to a verb.</summary>
    public void AddTo(Command command)
    {
        foreach (Option option in (Option[])[_maxTokens, _temperature, _seed, _topK, _topP, _minP, _repetition, _frequency, _presence, _stop, _ignoreEos])
            command.Add(option);
    }

    /// <summary>What was asked for, on top of what the model's maker suggests where no choice of tokens was.</summary>
    public GenerationOptions Read(ParseResult parsed, GenerationOptions suggested)
    {
        bool chosen = ((Option[])[_temperature, _topK, _topP, _minP]).Any(option => parsed.GetResult(option) is not null);
        GenerationOptions options = chosen
            ? new GenerationOptions
            {
                Temperature = parsed.GetValue(_temperature) ?? 1,
                TopK = parsed.GetValue(_topK),
                TopP = parsed.GetValue(_topP),
                MinP = parsed.GetValue(_minP),
            }
            : suggested;
        return options with
        {
            MaxNewTokens = parsed.GetValue(_maxTokens),
            Seed = parsed.GetValue(_seed),
            RepetitionPenalty = parsed.GetResult(_repetition) is { Implicit: false } ? parsed.GetValue(_repetition) : options.RepetitionPenalty,
            FrequencyPenalty = parsed.GetValue(_frequency),
            PresencePenalty = parsed.GetValue(_presence),
            StopStrings = parsed.GetValue(_stop) ?? [],
            IgnoreEos = parsed.GetValue(_ignoreEos),
        };
    }
}
