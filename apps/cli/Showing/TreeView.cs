using System.Threading.Channels;
using Spectre.Console;
using Switchyard.Cli.Output;
using Switchyard.Model.Text;
using Switchyard.Strategies;
using Switchyard.Strategies.Speculation;

namespace Switchyard.Cli.Showing;

/// <summary>
/// Shows every draft tree of one request: redrawn in place on standard error where that is a terminal, line by line where not.
/// </summary>
internal sealed class TreeView
{
    private const int TailLength = 300; // characters of text shown above the tree

    private readonly Channel<TreeStep> _steps = Channel.CreateUnbounded<TreeStep>(new UnboundedChannelOptions { SingleReader = true });
    private double _draftSeconds, _verifySeconds;
    private int _number;

    /// <summary>The strategies that have trees to show.</summary>
    public const string Supported = "lookup, chain, tree, self and cast";

    /// <summary>The kind, whose strategies tell this view of their trees.</summary>
    /// <exception cref="UsageException">Thrown when a strategy is made that drafts no trees.</exception>
    public StrategyKind Watch(StrategyKind kind) => kind with
    {
        Create = (spec, context) =>
        {
            IDecodingStrategy made = kind.Create(spec, context);
            if (made is SpeculativeStrategy strategy)
            {
                strategy.OnVerified = session => Add(strategy.Report, session, context.Tokenizer);
                return strategy;
            }
            made.Dispose();
            throw new UsageException($"--show tree needs a strategy that drafts: {Supported}; '{spec}' does not.");
        },
    };

    /// <summary>Shows trees until the stream ends, then nothing of them; the text goes to standard output.</summary>
    public async Task ShowAsync(IAsyncEnumerable<GeneratedToken> stream, Terminal terminal, CancellationToken cancellation)
    {
        var text = new System.Text.StringBuilder();
        if (terminal.Live is { } live && live.Profile.Capabilities.Ansi)
        {
            await live.Live(new Text("")).AutoClear(true).StartAsync(async display =>
            {
                await foreach (GeneratedToken token in stream.WithCancellation(cancellation))
                {
                    text.Append(token.Text);
                    TreeStep? last = null;
                    while (_steps.Reader.TryRead(out TreeStep? step)) last = step;
                    if (last is null) continue;
                    display.UpdateTarget(new Rows(new Text(text.ToString(Math.Max(0, text.Length - TailLength), Math.Min(TailLength, text.Length))), Draw(last)));
                    display.Refresh();
                }
            });
        }
        else
        {
            await foreach (GeneratedToken token in stream.WithCancellation(cancellation))
            {
                text.Append(token.Text);
                Write(terminal);
            }
            Write(terminal);
        }
        terminal.Data.WriteLine(text.ToString());
    }

    private void Write(Terminal terminal)
    {
        while (_steps.Reader.TryRead(out TreeStep? step))
            foreach (string line in step.Lines()) terminal.Note(line);
    }

    // On the decoding thread, once a step: a copy is all that happens here.
    private void Add(DraftReport report, DraftSession session, ITokenizer tokenizer)
    {
        (double draft, double verify) = (report.DraftSeconds - _draftSeconds, report.VerifySeconds - _verifySeconds);
        (_draftSeconds, _verifySeconds) = (report.DraftSeconds, report.VerifySeconds);
        _steps.Writer.TryWrite(TreeStep.Of(++_number, session, tokenizer, draft * 1e3, verify * 1e3));
    }

    private static Tree Draw(TreeStep step)
    {
        var tree = new Tree(new Text(step.Title));
        var drawn = new IHasTreeNodes[step.Nodes.Count];
        for (int i = 0; i < drawn.Length; i++)
        {
            TreeStep.Node node = step.Nodes[i];
            var style = node.Accepted ? new Style(Color.Green, decoration: Decoration.Bold) : new Style(decoration: Decoration.Dim);
            IHasTreeNodes parent = node.Parent < 0 ? tree : drawn[node.Parent];
            drawn[i] = parent.AddNode(new Text(node.Label, style));
        }
        if (step.Own is not null)
        {
            int last = -1;
            for (int i = 0; i < drawn.Length; i++) if (step.Nodes[i].Accepted) last = i;
            (last < 0 ? tree : drawn[last]).AddNode(new Text("= " + step.Own, new Style(decoration: Decoration.Bold)));
        }
        return tree;
    }
}
