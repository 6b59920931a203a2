namespace Switchyard.Properties;

/// <summary>A model, a prompt, and a tree of guesses below it.</summary>
/// <param name="Model">Which of the subject's models.</param>
/// <param name="ModelSeed">Which of its random models.</param>
/// <param name="Prompt">Committed tokens, at least one.</param>
/// <param name="Tokens">Token of each node.</param>
/// <param name="Parents">Parent of each node, an earlier one, or −1.</param>
public sealed record TreeCase(int Model, int ModelSeed, int[] Prompt, int[] Tokens, int[] Parents)
{
    /// <summary>Nodes from the root down to <paramref name="node"/>.</summary>
    public int[] Path(int node)
    {
        var path = new List<int>();
        for (int at = node; at >= 0; at = Parents[at]) path.Insert(0, at);
        return [.. path];
    }

    /// <summary>Prompt, then the tokens down to <paramref name="node"/>.</summary>
    public int[] Sequence(int node) => [.. Prompt, .. Path(node).Select(n => Tokens[n])];

    /// <summary>Cases like this one, smaller.</summary>
    public IEnumerable<TreeCase> Smaller()
    {
        if (Prompt.Length > 1) yield return this with { Prompt = Prompt[..(Prompt.Length / 2)] };
        if (Prompt.Length > 1) yield return this with { Prompt = Prompt[1..] };
        foreach (int count in new[] { 1, Tokens.Length / 2, Tokens.Length - 1 }.Distinct())
            if (count >= 1 && count < Tokens.Length) yield return this with { Tokens = Tokens[..count], Parents = Parents[..count] };
        if (Tokens.Length > 1) yield return WithoutFirstLeaf();
        if (Model > 0) yield return this with { Model = 0 };
    }

    /// <inheritdoc/>
    public override string ToString() =>
        $"model {Model}.{ModelSeed}, prompt [{string.Join(",", Prompt)}], tree [{string.Join(" ", Tokens.Select((t, i) => $"{t}<{Parents[i]}"))}]";

    private TreeCase WithoutFirstLeaf()
    {
        int leaf = Enumerable.Range(0, Tokens.Length).First(n => !Parents.Contains(n));
        return this with
        {
            Tokens = [.. Tokens.Where((_, n) => n != leaf)],
            Parents = [.. Parents.Where((_, n) => n != leaf).Select(p => p > leaf ? p - 1 : p)],
        };
    }
}
