using System.Text.RegularExpressions;
using Switchyard.Cli.Showing;
using Switchyard.Strategies;
using Switchyard.Tests.PropertyRuns;
using Xunit;

namespace Switchyard.Tests.Cli;

[Collection(OneAtATime.Name)]
public class ShowTests
{
    private static readonly string Small = Path.Combine(TestPaths.Models, "tales-0.4m"), Middle = Path.Combine(TestPaths.Models, "tales-1m");
    private static readonly string[] Common = ["run", Middle, "The old house stood", "--max-tokens", "40", "--temperature", "0"];

    [Fact]
    public async Task Accepted_guesses_are_in_brackets_where_there_is_no_terminal_and_the_text_is_the_same()
    {
        string plain = (await CliRun.Of(Common)).Data;
        CliRun run = await CliRun.Of([.. Common, "--strategy", $"chain:draft=\"{Small}\",length=3", "--show", "accepted"]);
        Assert.Equal(0, run.Code);
        Assert.Contains('‹', run.Data);
        Assert.Equal(run.Data.Count(c => c == '‹'), run.Data.Count(c => c == '›'));
        Assert.Equal(plain, run.Data.Replace("‹", "", StringComparison.Ordinal).Replace("›", "", StringComparison.Ordinal));
        Assert.Contains("guessed and kept", run.Notes, StringComparison.Ordinal);
        Assert.DoesNotContain('\e', run.Data + run.Notes);
        Assert.DoesNotContain('‹', (await CliRun.Of([.. Common, "--strategy", "plain", "--show", "accepted"])).Data); // plain decoding guesses nothing
    }

    [Fact]
    public void Colour_is_never_alone()
    {
        var text = new AcceptedText(styled: true);
        string shown = text.Append(Token("a", false)) + text.Append(Token("b", true)) + text.Append(Token("c", true)) + text.Append(Token("d", false)) + text.Append(Token("e", true)) + text.End() + text.End();
        Assert.Equal("a\e[4;32mbc\e[24;39md\e[4;32me\e[24;39m", shown);
    }

    [Fact]
    public async Task Trees_are_written_with_their_times_and_hold_every_token_that_was_kept()
    {
        string plain = (await CliRun.Of(Common)).Data;
        CliRun run = await CliRun.Of([.. Common, "--strategy", $"tree:draft=\"{Small}\",depth=3,topk=2,nodes=6", "--show", "tree"]);
        Assert.Equal(0, run.Code);
        Assert.Equal(plain, run.Data);
        MatchCollection steps = Regex.Matches(run.Notes, @"step (\d+): (\d+) nodes, (\d+) kept, draft [\d.]+ ms, verify [\d.]+ ms");
        Assert.NotEmpty(steps);
        Assert.All(steps, step => Assert.InRange(int.Parse(step.Groups[2].Value), 1, 6));
        Assert.Equal(steps.Sum(step => int.Parse(step.Groups[3].Value)), Regex.Count(run.Notes, @"(?m)^ +\+ "));
        Assert.True(Regex.Count(run.Notes, @"(?m)^ +\+ ") > 0);
    }

    [Theory]
    [InlineData("needs a strategy that drafts", "--show", "tree")]
    [InlineData("leave out --json", "--show", "accepted", "--json")]
    [InlineData("accepted", "--show", "everything")]
    public async Task What_cannot_be_shown_is_a_usage_error(string expected, params string[] more)
    {
        CliRun run = await CliRun.Of([.. Common, .. more]);
        Assert.Equal(2, run.Code);
        Assert.Contains(expected, run.Notes, StringComparison.Ordinal);
    }

    private static GeneratedToken Token(string text, bool drafted) => new(1, text, new TokenChoice(1), null) { IsDrafted = drafted };
}
