using System.CommandLine;
using Switchyard.Cli.Options;
using Switchyard.Cli.Output;
using Switchyard.Model.Files;
using Switchyard.Model.Files.Conversion;
using Switchyard.Tensor;

namespace Switchyard.Cli.Commands;

/// <summary><c>switchyard convert MODEL OUTPUT</c>: between Hugging Face folders and GGUF files.</summary>
internal static class ConvertCommand
{
    public static Command Create(Terminal terminal)
    {
        var source = new Argument<string>("MODEL") { Description = "A folder, or a .gguf file." };
        var target = new Argument<string>("OUTPUT") { Description = "A .gguf file to write for a folder; a folder to write for a .gguf file." };
        var quantize = new Option<string?>("--quantize") { Description = "Quantise while writing a .gguf file: q8_0 or q4_0.", HelpName = "FORMAT" };
        var force = new Option<bool>("--force") { Description = "Replace what OUTPUT holds." };
        quantize.AcceptOnlyFromAmong("q8_0", "q4_0");
        var command = new Command("convert", "Convert a model between a Hugging Face folder and a GGUF file; plain weights keep every bit.") { source, target, quantize, force };
        command.SetAction(parsed =>
        {
            string from = ModelPath.Resolve(parsed.GetRequiredValue(source)), to = Path.GetFullPath(parsed.GetRequiredValue(target));
            bool toFile = to.EndsWith(".gguf", StringComparison.OrdinalIgnoreCase);
            if (toFile != Directory.Exists(from))
                throw new UsageException(toFile ? $"{from} is no folder: a .gguf file is written from a Hugging Face folder." : $"{from} is a folder: it becomes a file, so give OUTPUT a name that ends in .gguf.");
            if (!parsed.GetValue(force) && (toFile ? File.Exists(to) : File.Exists(Path.Combine(to, "config.json"))))
                throw new UsageException($"{to} is there already; --force replaces it.");
            var options = new ConvertOptions
            {
                Quantize = parsed.GetValue(quantize) switch { "q8_0" => DType.Q8_0, "q4_0" => DType.Q4_0, _ => null },
                Progress = terminal.Live is null ? null : new Counter(terminal),
            };
            if (toFile) ModelConverter.ToGguf(from, to, options);
            else ModelConverter.ToHuggingFace(from, to, options);
            terminal.Note($"Wrote {to}.");
            return ExitCodes.Ok;
        });
        return command;
    }

    /// <summary>A line that counts up, on the converting thread.</summary>
    private sealed class Counter(Terminal terminal) : IProgress<LoadProgress>
    {
        private int _shown = -1;

        public void Report(LoadProgress value)
        {
            int percent = value.BytesTotal == 0 ? 100 : (int)(100 * value.BytesDone / value.BytesTotal);
            if (percent == _shown) return;
            _shown = percent;
            terminal.Notes.Write(percent == 100 ? "\r              \r" : $"\rConverting {percent,2} %");
        }
    }
}
