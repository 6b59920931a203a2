using System.CommandLine;
using System.Globalization;
using Switchyard.Cli.Options;
using Switchyard.Cli.Output;
using Switchyard.Model.Files;

namespace Switchyard.Cli.Commands;

/// <summary><c>switchyard inspect MODEL</c>: what a model is and what it takes, without loading it.</summary>
internal static class InspectCommand
{
    public static Command Create(Terminal terminal)
    {
        var path = new Argument<string>("MODEL") { Description = "A folder or a .gguf file." };
        var quality = new Option<string?>("--quality") { Description = "Load the model too and measure on this text what rounded weights cost: the mean KL divergence from float32.", HelpName = "TEXT" };
        var exits = new Option<string?>("--exits") { Description = "Load the model too and listen at every layer while it reads this text: where its choice becomes stable, and whether early exit is worth it.", HelpName = "TEXT" };
        var heads = new Option<string?>("--heads") { Description = "With --exits: exit heads of the model's own, a safetensors file; thresholds are tried at their depths.", HelpName = "FILE" };
        Option<bool> json = CommonOptions.Json("everything");
        var opening = new ModelOptions();
        var command = new Command("inspect", "Show architecture, formats, tokenizer and memory of a model without loading it.") { path, quality, exits, heads, json };
        opening.AddTo(command);
        command.SetAction((parsed, cancellationToken) => Task.Run(
            () =>
            {
                if (parsed.GetValue(heads) is not null && parsed.GetValue(exits) is null) throw new UsageException("--heads says which exits to listen at; give --exits TEXT too, the text to listen to.");
                LocalModelOptions options = opening.Read(parsed) with { MaxBatch = 1 };
                string? text = parsed.GetValue(quality) is { } file ? CommonOptions.ReadText(file, terminal) : null;
                string? listened = parsed.GetValue(exits) is { } other ? other == parsed.GetValue(quality) ? text : CommonOptions.ReadText(other, terminal) : null;
                ModelInspection model = ModelInspection.Of(parsed.GetRequiredValue(path), options);
                if (text is not null) model = model with { Quality = QuantizationQuality.Measure(parsed.GetRequiredValue(path), text, options, cancellationToken) };
                if (listened is not null) model = model with { Exits = ExitInspection.Measure(parsed.GetRequiredValue(path), listened, options, parsed.GetValue(heads), cancellationToken) };
                if (parsed.GetValue(json)) terminal.Data.WriteLine(OutputJson.Write(model));
                else Print(model, terminal);
                return ExitCodes.Ok;
            },
            cancellationToken));
        return command;
    }

    private static void Print(ModelInspection model, Terminal terminal)
    {
        ArchitectureSummary a = model.Architecture;
        MemoryEstimate m = model.Memory;
        string rope = string.Create(CultureInfo.InvariantCulture, $"theta {a.RopeTheta}{(a.RopeScaling is null ? "" : $", scaling {a.RopeScaling}")}{(a.SlidingWindow is { } w ? $", window {w}" : "")}");
        var rows = new List<(string, string)>
        {
            ("model", $"{model.Path} ({model.Container}, {Bytes(model.FileBytes)})"),
            ("architecture", string.Create(CultureInfo.InvariantCulture, $"{a.Family}, {a.Parameters / 1e6:F1} M parameters, {a.LayerCount} layers, hidden {a.HiddenSize}, feed-forward {a.IntermediateSize}")),
            ("attention", $"{a.HeadCount} heads, {a.KvHeadCount} key-value heads of {a.HeadDim}, {rope}"),
            ("vocabulary", $"{a.VocabSize}{(a.TieWordEmbeddings ? ", tied" : "")}"),
            ("context", $"{a.MaxPositionEmbeddings} by design"),
        };
        foreach (FormatSummary f in model.Formats)
            rows.Add(("weights", $"{f.Count} tensors {f.Stored}, {Bytes(f.Bytes)}{(f.Stored == f.Computed ? "" : $", converted to {f.Computed} while loading")}"));
        rows.Add(("tokenizer", model.Tokenizer is { } t ? $"{t.Kind}, {t.VocabularySize} tokens, begins with {t.BosId?.ToString(CultureInfo.InvariantCulture) ?? "nothing"}, ends with {string.Join(" or ", t.EosIds)}" : "none"));
        rows.Add(("chat template", model.HasChatTemplate ? "yes" : "no"));
        rows.Add(("memory", $"{Bytes(m.TotalBytes)}: weights {Bytes(m.WeightBytes)}, cache {Bytes(m.CacheBytes)} for {m.ContextLength} tokens, scratch {Bytes(m.ScratchBytes)}"));
        rows.Add(("fits", m.Fits ? $"yes: {Bytes(m.FreeBytes)} free, context up to {m.LargestContextLength}" : $"no: {Bytes(m.FreeBytes)} free{(m.LargestContextLength > 0 ? $"; context up to {m.LargestContextLength} would fit" : "")}"));
        rows.Add(("evidence", model.Evidence));
        if (model.Quality is { } q) rows.Add(("quality", string.Create(CultureInfo.InvariantCulture, $"KL from float32 {q.MeanKl:G3} nats a token (at most {q.MaxKl:G3}), same choice at {q.SameChoice:P1} of {q.Tokens} tokens")));
        if (model.Exits is { } e)
        {
            rows.Add(("exits", $"{e}"));
            rows.Add(("same choice", string.Join(", ", e.Depths.Select(d => string.Create(CultureInfo.InvariantCulture, $"{d.Agreement:P0} after layer {d.Depth}"))) + string.Create(CultureInfo.InvariantCulture, $" of {e.Positions} tokens")));
        }
        terminal.Table(rows);
    }

    private static string Bytes(long count) => count switch
    {
        >= 1L << 30 => string.Create(CultureInfo.InvariantCulture, $"{count / (double)(1L << 30):F2} GiB"),
        >= 1L << 20 => string.Create(CultureInfo.InvariantCulture, $"{count / (double)(1L << 20):F1} MiB"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{count / 1024.0:F1} KiB"),
    };
}
