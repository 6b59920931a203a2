using Switchyard.Cli.Output;

namespace Switchyard.Cli.Showing;

/// <summary>What <c>run --show</c> asks for: prepared before the model is opened, written after the last token.</summary>
/// <param name="what">The word after <c>--show</c>; null for nothing.</param>
internal sealed class Shown(string? what)
{
    private readonly TimelineCapture _timeline = new();

    /// <summary>Shows draft trees while they are checked; null where that was not asked for.</summary>
    public TreeView? Trees { get; } = what == "tree" ? new TreeView() : null;

    /// <summary>Whether text is marked where it was guessed and kept.</summary>
    public bool MarksAccepted => what == "accepted";

    /// <summary>The options with whatever is needed to look.</summary>
    /// <exception cref="UsageException">The strategy has nothing of the kind to show.</exception>
    public LocalModelOptions On(LocalModelOptions options)
    {
        if (what == "layers" && options.Strategy.Name != "drex") throw new UsageException("--show layers draws where tokens left early: add --strategy drex:confidence=0.6, or another spelling of drex.");
        if (Trees is not null) return options with { StrategyKinds = [Trees.Watch(StrategyCatalog.Find(options.Strategy, options.StrategyKinds))] };
        return what == "batch" ? _timeline.On(options) : options;
    }

    /// <summary>Writes it for people.</summary>
    public void Write(LocalModel model, IReadOnlyList<DecodeReport> reports, Terminal terminal)
    {
        if (what == "batch" && _timeline.Strategy is { } strategy) ShownBatch.Write(strategy, terminal);
        if (what != "layers") return;
        for (int i = 0; i < reports.Count; i++)
        {
            if (reports.Count > 1) terminal.Note($"[{i + 1}]");
            ShownLayers.Write(reports[i], model.Config.LayerCount, id => model.Tokenizer.Decode([id]), terminal);
        }
    }
}
