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
    public void Every_level_of_a_ladder_has_a_colour_and_a_number_and_the_legend_names_them()
    {
        AcceptedText styled = new(styled: true), bare = new(styled: false);
        GeneratedToken[] tokens = [Token("a", false), Token("b", true, 0), Token("c", true, 1), Token("d", true, 1), Token("e", false)];
        Assert.Equal("a\e[4;32mb₁\e[24;39m\e[4;36mcd₂\e[24;39me", string.Concat(tokens.Select(styled.Append)) + styled.End());
        Assert.Equal("a‹b₁›‹cd₂›e", string.Concat(tokens.Select(bare.Append)) + bare.End());
        Assert.Equal("guessed or last kept by ‹lookup₁›, ‹small₂› · plain: the model's own", bare.Legend(["lookup", "small"]));
        Assert.Contains("\e[4;36msmall₂\e[24;39m", styled.Legend(["lookup", "small"]), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Tokens_of_a_ladder_are_marked_with_their_level_and_the_text_is_the_same()
    {
        string plain = (await CliRun.Of(Common)).Data;
        CliRun run = await CliRun.Of([.. Common, "--strategy", $"specrouter:models=\"{Small}\"+target@q8_0", "--show", "accepted"]);
        Assert.Equal(0, run.Code);
        Assert.Matches("[₁₂]›", run.Data);
        Assert.Equal(plain, Regex.Replace(run.Data, "‹|[₁₂]›", ""));
        Assert.Contains("‹tales-0.4m₁›, ‹target@q8_0₂›", run.Notes, StringComparison.Ordinal);
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

    private static GeneratedToken Token(string text, bool drafted, int? level = null) => new(1, text, new TokenChoice(1), null) { IsDrafted = drafted, DraftLevel = level };
}
