using Switchyard.Strategies.Auto;
using Xunit;

namespace Switchyard.Tests.Auto;

public sealed class CopyWatchTests
{
    [Fact]
    public void Copies_are_seen_while_they_go_on()
    {
        var random = new Random(5);
        int[] fresh = [.. Enumerable.Range(0, 300).Select(_ => random.Next(500))], text = [.. fresh, .. fresh[40..90], .. Enumerable.Range(1000, 40)];
        var watch = new CopyWatch();
        var shares = new List<double>();
        for (int length = 1; length <= text.Length; length++)
        {
            watch.Follow(text.AsSpan(0, length));
            shares.Add(watch.Share);
        }
        Assert.True(shares[..300].Max() < 0.3);
        Assert.True(shares[315..350].Min() > 0.6);
        Assert.True(shares[365] < 0.25);
    }

    [Fact]
    public void Whole_text_at_once_says_what_its_tokens_say_one_by_one()
    {
        int[] text = [.. Enumerable.Range(0, 200).Select(i => i * i % 31)];
        CopyWatch once = new(), step = new();
        once.Follow(text);
        for (int length = 0; length <= text.Length; length += 8) step.Follow(text.AsSpan(0, length));
        Assert.True(once.Share > 0.9);
        Assert.Equal(once.Share, step.Share);
    }

    [Fact]
    public void Text_of_one_token_repeats_itself()
    {
        var watch = new CopyWatch();
        watch.Follow(new int[64]);
        Assert.True(watch.Share > 0.9);
    }
}
