using System.CommandLine;
using Spectre.Console;
using Switchyard.Backends.Cpu;
using Switchyard.Cli.Output;
using Switchyard.Model.Files;
using Switchyard.Tensor;

namespace Switchyard.Cli.Options;

/// <summary>How a model is opened: the options of <see cref="LocalModelOptions"/>, by the same names.</summary>
internal sealed class ModelOptions
{
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(250); // what loads sooner needs no bar

    private readonly Option<int> _threads = new("--threads") { CustomParser = r => NumberParser.Read<int>(r), Description = "Threads; 0 for one per processor. Tokens do not depend on it.", HelpName = "N" };
    private readonly Option<int?> _context = new("--context") { CustomParser = r => NumberParser.Read<int>(r), Description = "Tokens a request may have, prompt and output together.", HelpName = "N" };
    private readonly Option<string?> _quantize = new("--quantize") { Description = "Quantise plain weights while loading: q8_0 or q4_0.", HelpName = "FORMAT" };
    private readonly Option<string> _cache = new("--cache") { Description = "Format of cached keys and values: f32 or f16.", HelpName = "FORMAT", DefaultValueFactory = _ => "f32" };

    public ModelOptions()
    {
        _quantize.AcceptOnlyFromAmong("q8_0", "q4_0");
        _cache.AcceptOnlyFromAmong("f32", "f16");
    }

    /// <summary>Adds the options to a verb.</summary>
    public void AddTo(Command command)
    {
        foreach (Option option in (Option[])[_threads, _context, _quantize, _cache]) command.Add(option);
    }

    /// <summary>What was asked for.</summary>
    public LocalModelOptions Read(ParseResult parsed)
    {
        RequirePositive(parsed, _context);
        if (parsed.GetValue(_threads) is < 0 or > CpuOptions.MaxThreads) throw new UsageException($"--threads takes 1 … {CpuOptions.MaxThreads}, or 0 for one per processor.");
        return new LocalModelOptions
        {
            Threads = parsed.GetValue(_threads),
            ContextLength = parsed.GetValue(_context),
            Quantize = parsed.GetValue(_quantize) switch { "q8_0" => DType.Q8_0, "q4_0" => DType.Q4_0, _ => null },
            CacheType = parsed.GetValue(_cache) == "f16" ? DType.F16 : DType.F32,
        };
    }

    /// <summary>Opens a model, with a bar for a person who waits.</summary>
    public static async Task<LocalModel> OpenAsync(string path, LocalModelOptions options, Terminal terminal, CancellationToken cancellationToken)
    {
        if (terminal.Live is null) return await LocalModel.OpenAsync(path, options, cancellationToken);
        var latest = new Latest();
        Task<LocalModel> opening = LocalModel.OpenAsync(path, options with { Progress = latest }, cancellationToken);
        await Task.WhenAny(opening, Task.Delay(Patience, cancellationToken));
        if (opening.IsCompleted) return await opening;
        await terminal.Live.Progress().AutoClear(true).StartAsync(async progress =>
        {
            ProgressTask bar = progress.AddTask("Loading", maxValue: 1);
            while (!opening.IsCompleted)
            {
                LoadProgress loaded = latest.Value;
                bar.Value = loaded.BytesTotal == 0 ? 0 : (double)loaded.BytesDone / loaded.BytesTotal;
                await Task.WhenAny(opening, Task.Delay(50, CancellationToken.None));
            }
        });
        return await opening;
    }

    private static void RequirePositive(ParseResult parsed, Option<int?> option)
    {
        if (parsed.GetValue(option) is <= 0) throw new UsageException($"{option.Name} takes 1 or more.");
    }

    /// <summary>The last report, for a reader that looks when it wants to.</summary>
    private sealed class Latest : IProgress<LoadProgress>
    {
        private readonly Lock _gate = new();
        private LoadProgress _value;

        public LoadProgress Value
        {
            get { lock (_gate) return _value; }
        }

        public void Report(LoadProgress value)
        {
            lock (_gate) _value = value;
        }
    }
}
