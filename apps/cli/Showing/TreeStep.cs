using System.Globalization;
using Switchyard.Model.Text;
using Switchyard.Strategies.Speculation;

namespace Switchyard.Cli.Showing;

/// <summary>One verified draft tree, copied out of a step for showing.</summary>
/// <param name="Number">Which step, from 1.</param>
/// <param name="Nodes">The nodes, parents before children.</param>
/// <param name="Own">The text of the token that the model chose itself; null where the request ended before one.</param>
/// <param name="DraftMs">Milliseconds of drafting.</param>
/// <param name="VerifyMs">Milliseconds of the target's pass.</param>
internal sealed record TreeStep(int Number, IReadOnlyList<TreeStep.Node> Nodes, string? Own, double DraftMs, double VerifyMs)
{
    /// <param name="Parent">The node's parent; −1 for the root.</param>
    /// <param name="Depth">1 for children of the root.</param>
    /// <param name="Text">Its token, quoted.</param>
    /// <param name="Score">How likely it was thought to be kept, 0 to 1.</param>
    /// <param name="Accepted">Whether the target kept it.</param>
    internal sealed record Node(int Parent, int Depth, string Text, float Score, bool Accepted)
    {
        public string Label => string.Create(CultureInfo.InvariantCulture, $"{(Accepted ? "+" : "-")} {Text} {Score:P0}");
    }

    /// <summary>Tokens that the step gave.</summary>
    public int Kept => Nodes.Count(node => node.Accepted);

    /// <summary>One line about the step.</summary>
    public string Title => string.Create(
        CultureInfo.InvariantCulture, $"step {Number}: {Nodes.Count} nodes, {Kept} kept, draft {DraftMs:F2} ms, verify {VerifyMs:F2} ms");

    /// <summary>Copies what the target saw.</summary>
    public static TreeStep Of(int number, DraftSession session, ITokenizer tokenizer, double draftMs, double verifyMs)
    {
        var accepted = new HashSet<int>();
        foreach (int node in session.Accepted) accepted.Add(node);
        var nodes = new Node[session.Walk.Shown];
        for (int i = 0; i < nodes.Length; i++)
            nodes[i] = new Node(session.Tree.Parents[i], session.Tree.Depths[i], Quote(tokenizer, session.Tree.Tokens[i]), session.Tree.Scores[i], accepted.Contains(i));
        string? own = session.Walk.ChoiceCount > accepted.Count ? Quote(tokenizer, session.Walk.Choices[^1].Token) : null;
        return new TreeStep(number, nodes, own, draftMs, verifyMs);
    }

    /// <summary>The tree as indented lines: + was kept, - was not, = is the model's own token.</summary>
    public IEnumerable<string> Lines()
    {
        yield return Title;
        foreach (int node in DepthFirst(-1)) yield return new string(' ', 2 * Nodes[node].Depth) + Nodes[node].Label;
        if (Own is not null) yield return new string(' ', 2 * (Kept + 1)) + "= " + Own;
    }

    private IEnumerable<int> DepthFirst(int parent)
    {
        for (int i = 0; i < Nodes.Count; i++)
        {
            if (Nodes[i].Parent != parent) continue;
            yield return i;
            foreach (int below in DepthFirst(i)) yield return below;
        }
    }

    // Control characters would move the cursor.
    private static string Quote(ITokenizer tokenizer, int token)
    {
        string text = System.Text.Encoding.UTF8.GetString(tokenizer.Bytes(token));
        if (text.Length == 0) text = tokenizer.TokenString(token) ?? "";
        return "\"" + string.Concat(text.Select(c => char.IsControl(c) ? $"\\u{(int)c:x4}" : c.ToString())) + "\"";
    }
}
