using Switchyard.Backends.Cpu;
using Switchyard.Model;
using Switchyard.Model.Files;
using Switchyard.Model.Text;
using Switchyard.Strategies.Drex;

namespace Switchyard;

/// <summary>Listens to a model at every depth while it reads a text: where its choice becomes stable, and whether early exit is worth it.</summary>
public static class ExitInspection
{
    private const int Window = 256; // tokens that are read with one another as context

    /// <summary>Measures a model on a text.</summary>
    /// <param name="path">A folder, a .gguf file, or the name of an embedded model.</param>
    /// <param name="text">Text like that to be generated, and not trained on.</param>
    /// <param name="options">How the model would be opened: <see cref="LocalModelOptions.Quantize"/>, context and threads count.</param>
    /// <param name="headsPath">A file of exits with heads of their own (docs/files.md): thresholds are tried at them, and every other depth speaks through the model's head; null for none.</param>
    /// <param name="cancellation">Stops between chunks.</param>
    /// <exception cref="ArgumentException">The text has no token.</exception>
    /// <exception cref="ModelFormatException">The file of heads does not fit the model; says which tensor.</exception>
    public static ExitAdvice Measure(string path, string text, LocalModelOptions options, string? headsPath = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        using ModelFiles files = ModelFiles.Open(ModelPath.Resolve(path));
        ITokenizer tokenizer = Tokenizers.Open(files.TokenizerPath ?? throw new ModelFormatException("The model has no tokenizer to read the text with.", files.Path));
        int[] tokens = tokenizer.Encode(text);
        if (tokens.Length < 2) throw new ArgumentException("The text has too few tokens to look at. Give a longer text.", nameof(text));
        int window = Math.Min(options.ContextLength ?? Window, files.Config.MaxPositionEmbeddings);
        using var backend = new CpuBackend(new CpuOptions { Threads = options.Threads });
        using TransformerModel model = ModelLoader.Load(files, backend, new LoadOptions { ContextLength = window, Quantize = options.Quantize }, cancellation);
        using ExitHeadFile? heads = headsPath is null ? null : ExitHeadFile.Load(headsPath, model);
        using var runner = new ModelRunner(model, TransformerModel.ReadoutChunk, window, options.CacheType);
        return ExitAdvisor.Measure(runner, tokens, heads is null ? null : [.. heads.Heads.Select(head => head.Depth).Order()], heads?.Heads, cancellation: cancellation);
    }
}
