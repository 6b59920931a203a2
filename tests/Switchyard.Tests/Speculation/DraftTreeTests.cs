using Switchyard.Strategies.Speculation;
using Xunit;

namespace Switchyard.Tests.Speculation;

public sealed class DraftTreeTests
{
    [Fact]
    public void The_best_nodes_are_closed_under_parents_even_where_scores_tie()
    {
        for (int seed = 0; seed < 300; seed++)
        {
            var random = new Random(seed);
            DraftTree tree = RandomTree(random, out _);
            int keep = random.Next(tree.Count + 2), before = tree.Count;
            float[] scores = [.. tree.Scores.ToArray().OrderDescending().Take(keep)];
            tree.KeepBest(keep);
            Assert.Equal(Math.Min(keep, before), tree.Count);
            Assert.Equal(scores, tree.Scores.ToArray().OrderDescending());
            for (int node = 0; node < tree.Count; node++)
            {
                Assert.InRange(tree.Parents[node], DraftTree.Root, node - 1);
                Assert.Equal(tree.Parents[node] < 0 ? 1 : tree.Depths[tree.Parents[node]] + 1, tree.Depths[node]);
                Assert.True(tree.Parents[node] < 0 || tree.Scores[node] <= tree.Scores[tree.Parents[node]]);
                Assert.Equal(node, tree.FindChild(tree.Parents[node], tree.Tokens[node]));
            }
        }
    }

    [Fact]
    public void Kept_nodes_keep_their_paths()
    {
        for (int seed = 0; seed < 100; seed++)
        {
            var random = new Random(seed);
            DraftTree tree = RandomTree(random, out HashSet<string> paths);
            tree.KeepBest(random.Next(1, 20), depth: random.Next(1, 5));
            for (int node = 0; node < tree.Count; node++) Assert.Contains(PathOf(tree, node), paths);
        }
    }

    [Theory]
    [InlineData(float.NaN, 0)]
    [InlineData(float.PositiveInfinity, 1)]
    [InlineData(-3, 0)]
    [InlineData(0.25f, 0.25f)]
    public void Scores_are_held_between_nothing_and_the_parents(float given, float kept)
    {
        var tree = new DraftTree();
        int node = tree.Add(DraftTree.Root, 1, given);
        Assert.Equal(kept, tree.Scores[node]);
        int child = tree.Add(node, 1, 1);
        Assert.Equal(kept, tree.Scores[child]);
    }

    [Fact]
    public void The_same_guess_twice_is_one_node()
    {
        var tree = new DraftTree();
        int node = tree.Add(DraftTree.Root, 7, 0.5f);
        Assert.Equal(node, tree.Add(DraftTree.Root, 7, 0.4f));
        Assert.Equal(1, tree.Count);
        Assert.Throws<ArgumentOutOfRangeException>(() => tree.Add(1, 7, 0.5f));
        Assert.Throws<ArgumentOutOfRangeException>(() => tree.Add(-2, 7, 0.5f));
    }

    internal static string PathOf(DraftTree tree, int node) =>
        node < 0 ? "" : PathOf(tree, tree.Parents[node]) + "," + tree.Tokens[node];

    private static DraftTree RandomTree(Random random, out HashSet<string> paths)
    {
        var tree = new DraftTree();
        int count = random.Next(1, 40);
        for (int i = 0; i < count; i++)
        {
            int parent = random.Next(-1, tree.Count);
            float conditional = random.Next(4) switch { 0 => 1f, 1 => 0.5f, _ => random.NextSingle() };
            tree.Add(parent, random.Next(6), conditional * (parent < 0 ? 1 : tree.Scores[parent]));
        }
        paths = [.. Enumerable.Range(0, tree.Count).Select(node => PathOf(tree, node))];
        return tree;
    }
}
