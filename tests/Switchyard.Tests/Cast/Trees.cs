using Switchyard.Strategies;
using Switchyard.Strategies.Costs;
using Switchyard.Strategies.Speculation;

namespace Switchyard.Tests.Cast;

/// <summary>Grows trees without any model.</summary>
internal static class Trees
{
    public static DraftSession[] Sessions(int count, bool learns = false)
    {
        var reliability = new Reliability(learns);
        var sessions = new DraftSession[count];
        for (int i = 0; i < count; i++)
            sessions[i] = new DraftSession(new DecodingRequest([1, 2, 3], new GenerationOptions { MaxNewTokens = 1000, Seed = 1 }), 29, reliability);
        return sessions;
    }

    /// <summary>Grows and prunes one step's trees; returns the frontier widths of the first session, layer by layer.</summary>
    public static List<int> Grow(ITreeShaper shaper, IDrafter drafter, DraftSession[] sessions, int maxNodes = 1000)
    {
        var widths = new List<int>();
        foreach (DraftSession session in sessions) session.Begin(shaper.MaxDepth, maxNodes);
        shaper.Begin(sessions);
        for (int depth = 1; ; depth++)
        {
            drafter.Expand(sessions, shaper.Children);
            bool more = depth < shaper.MaxDepth && shaper.Grow(sessions, depth);
            widths.Add(sessions[0].FrontierCount);
            if (!more) break;
        }
        shaper.Prune(sessions);
        return widths;
    }

    public static string Show(DraftTree tree) =>
        string.Join(" ", Enumerable.Range(0, tree.Count).Select(i => $"{tree.Parents[i]}:{tree.Tokens[i]}"));

    /// <summary>A table of any shape: stairs, plateaus and inversions.</summary>
    public static CostTable RandomTable(Random random, double scale = 1)
    {
        int[] rows = [1, 2, 3, 5, 8, 13, 40];
        double[] seconds = [.. Enumerable.Range(0, rows.Length * 3).Select(_ => scale * (0.01 + Math.Pow(random.NextDouble(), 3)))];
        return new CostTable(16, rows, seconds);
    }

    public static CostTable Scaled(CostTable table, double factor) =>
        new(table.ContextStep, table.Rows, [.. table.Measured.ToArray().Select(s => s * factor)]);
}
