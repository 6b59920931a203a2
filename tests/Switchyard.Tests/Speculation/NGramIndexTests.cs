using Switchyard.Strategies.Speculation;
using Xunit;

namespace Switchyard.Tests.Speculation;

public sealed class NGramIndexTests
{
    [Fact]
    public void Finds_the_occurrences_that_a_search_finds_latest_first()
    {
        for (int seed = 0; seed < 60; seed++)
        {
            var random = new Random(seed);
            int[] text = [.. Enumerable.Range(0, 80).Select(_ => random.Next(3))];
            var index = new NGramIndex(1, 4);
            for (int length = random.Next(1, 10); length <= text.Length; length += random.Next(1, 9))
            {
                index.Follow(text.AsSpan(0, length));
                for (int n = 1; n <= 4; n++)
                {
                    List<int> expected = Search(text.AsSpan(0, length), n), found = [];
                    for (int end = index.Latest(n); end >= 0; end = index.Earlier(n, end)) found.Add(end);
                    Assert.Equal(expected.Take(found.Count), found);
                    Assert.True(found.Count >= Math.Min(expected.Count, 8));
                }
            }
        }
    }

    [Fact]
    public void A_text_that_does_not_go_on_is_indexed_anew()
    {
        var index = new NGramIndex(1, 2);
        index.Follow([1, 2, 3, 1]);
        Assert.Equal(0, index.Latest(1));
        index.Follow([5, 6, 5]);
        Assert.Equal(0, index.Latest(1));
        Assert.Equal(-1, index.Latest(2));
    }

    private static List<int> Search(ReadOnlySpan<int> text, int n)
    {
        var ends = new List<int>();
        if (text.Length <= n) return ends;
        for (int end = text.Length - 2; end >= n - 1; end--)
            if (text.Slice(end - n + 1, n).SequenceEqual(text[^n..])) ends.Add(end);
        return ends;
    }
}
