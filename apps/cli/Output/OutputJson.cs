using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Switchyard.Benchmarking;
using Switchyard.Strategies;
using Switchyard.Tensor;

namespace Switchyard.Cli.Output;

/// <summary>What <c>run --prompts --json</c> prints.</summary>
/// <param name="Results">One report per prompt, in the order of the file.</param>
/// <param name="Batch">Requests that ran at the same time at most.</param>
/// <param name="Tokens">Generated tokens over all prompts.</param>
/// <param name="Seconds">From the first request handed over to the last token.</param>
internal sealed record BatchResult(IReadOnlyList<PromptResult> Results, int Batch, long Tokens, double Seconds)
{
    /// <summary>Generated tokens of all requests per second.</summary>
    public double TokensPerSecond => Tokens / Seconds;
}

/// <summary>One prompt of a file and what came of it.</summary>
internal sealed record PromptResult(int Index, string Prompt, DecodeReport Report);

/// <summary>What <c>score --json</c> prints.</summary>
internal sealed record ScoreResult(long Tokens, double MeanNll, double Perplexity);

/// <summary>JSON of every verb: camel case, indented, characters as they are, numbers as they are.</summary>
[JsonSerializable(typeof(DecodeReport))]
[JsonSerializable(typeof(BatchResult))]
[JsonSerializable(typeof(ScoreResult))]
[JsonSerializable(typeof(Verification.VerifyResult))]
[JsonSerializable(typeof(ModelInspection))]
[JsonSerializable(typeof(BenchReport))]
[JsonSerializable(typeof(DraftCheck))]
[JsonSerializable(typeof(Tuning.TuneReport))]
internal sealed partial class OutputJson : JsonSerializerContext
{
    private static readonly OutputJson Readable = new(new JsonSerializerOptions
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        WriteIndented = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        Converters =
        {
            new JsonStringEnumConverter<FinishReason>(JsonNamingPolicy.CamelCase),
            new JsonStringEnumConverter<DecodingGuarantee>(),
            new JsonStringEnumConverter<Switchyard.Properties.LawOutcome>(JsonNamingPolicy.CamelCase),
            new JsonStringEnumConverter<DType>(),
        },
    });

    /// <summary>The text of a value of one of the types above.</summary>
    public static string Write<T>(T value) => JsonSerializer.Serialize(value, typeof(T), Readable);
}
