using System.Text.RegularExpressions;
using FsCheck;
using FsCheck.Fluent;
using Switchyard.Model.Text;
using Switchyard.Tests.Files;
using Xunit;

namespace Switchyard.Tests.Text;

/// <summary>The pattern engine against .NET's on what both can do, and alone on what only it can.</summary>
public sealed class PatternTests
{
    [Fact]
    public void Matches_are_those_of_a_backtracking_engine()
    {
        Gen<(string, string)> cases = from pattern in Pattern(3) from text in Text select (pattern, text);
        Check.One(
            Config.QuickThrowOnFailure.WithMaxTest(Hostile.Cases(2000)).WithEndSize(20).WithReplay(20261122, 5),
            Prop.ForAll(cases.ToArbitrary(), c => SameAsDotNet(c.Item1, c.Item2)));
    }

    [Theory]
    [InlineData(@"(?i:'s|'ll)", "'S'Ll'ſ'l", "'S|'Ll|'ſ")]
    [InlineData(@"\p{L}+", "a𐐀b1𝒳", "a𐐀b|𝒳")]
    [InlineData(@"[^\s\p{L}]+", "a🦙🦙 ½", "🦙🦙|½")]
    [InlineData(@"\p{N}{1,3}", "1234567", "123|456|7")]
    [InlineData(@"\p{N}{1,3}+", "1234567", "1234567")]
    [InlineData(@"a++b|a", "aab aa", "aab|a|a")]
    [InlineData(@"(?<!\S)x", "xx x\tx", "x|x|x")]
    [InlineData(@"(?<=a)b", "ab bb", "b")]
    [InlineData(@"[a-z&&[^b]]+", "abca", "a|ca")]
    [InlineData(@"[[:digit:]x]+", "1x2y", "1x2")]
    [InlineData(@"\x{1F999}|\u00e9", "é🦙", "é|🦙")]
    [InlineData(@"(?i)k(?-i:k)", "kkKKKk", "kk|Kk")]
    [InlineData(@"[^(\s|.,]+", "a(b|c d", "a|b|c|d")]
    [InlineData(@"^a|b$", "a\nab\nb", "a|a|b|b")]
    [InlineData(@"\s+(?!\S)|\s+", "a   b  ", "  | |  ")]
    public void Constructs_match(string pattern, string text, string expected) =>
        Assert.Equal(expected.Split('|'), Find(pattern, text).Select(m => text[m.Start..m.End]));

    [Theory]
    [InlineData(@"(a)\1")]
    [InlineData(@"(?<=ab)c")]
    [InlineData(@"\p{Klingon}")]
    [InlineData(@"(?x: a)")]
    [InlineData("a{2000}")]
    [InlineData("(a{1000}){1000}")]
    [InlineData("(")]
    [InlineData("a)")]
    [InlineData("[a")]
    [InlineData("*a")]
    [InlineData(@"\")]
    [InlineData("[z-a]")]
    [InlineData(@"\R")]
    public void What_is_not_supported_is_refused(string pattern) => Assert.Throws<PatternException>(() => CodePointPattern.Regex(pattern));

    [Fact]
    public void Deep_patterns_are_refused_and_odd_ones_end()
    {
        Assert.Throws<PatternException>(() => CodePointPattern.Regex(new string('(', 100_000)));
        Assert.Throws<PatternException>(() => CodePointPattern.Regex(new string('[', 100_000)));
        Assert.Throws<PatternException>(() => CodePointPattern.Regex("a" + new string('*', 100_000)));
        Assert.Equal([(0, 2)], Find("(?:a*)*", "aa"));
        Assert.Equal([(0, 3)], Find("(?:a*|b)*c", "aac"));
    }

    [Theory]
    [InlineData(@"\s+$")]
    [InlineData(@"a*b|a")]
    [InlineData(@"(?:a+)+b")]
    [InlineData(@"a++b")]
    [InlineData(@"\d{1,3}(?=(?:\d{3})*\b)")]
    [InlineData(@"(?=(\d{3})+(?!\d))")]
    [InlineData(@"\s*[\r\n]+|\s+(?!\S)|\s+")]
    [InlineData(@"(?:a|a)*c")]
    public void Steps_grow_with_the_text_and_no_faster(string pattern)
    {
        foreach (char c in " a1")
        {
            long few = Steps(pattern, new string(c, 10_000) + "x"), many = Steps(pattern, new string(c, 40_000) + "x");
            Assert.True(many <= (5 * few) + 1000, $"{pattern} on {c}: {few} steps, then {many} for four times the text");
        }
    }

    private static Gen<string> Text => Gen.Elements('a', 'b', ' ', '1', '\n', 'é', '中').ArrayOf().Select(chars => new string(chars));

    /// <summary>Patterns whose repeated parts consume something: engines differ on what repeats nothing.</summary>
    private static Gen<string> Pattern(int depth)
    {
        Gen<string> atom = Gen.Elements("a", "b", " ", "1", ".", @"\s", @"\S", @"\d", @"\p{L}", @"[^a\s]", "[ab]", "[a-b1]", @"\n");
        if (depth == 0) return atom;
        Gen<string> consuming = from first in atom from rest in Pattern(depth - 1) select $"(?:{first}(?:{rest}))";
        Gen<string> repeated =
            from part in Gen.OneOf(atom, atom, consuming)
            from count in Gen.Elements("*", "+", "?", "{1,2}", "{2}", "{0,3}", "*?", "+?", "??")
            select part + count;
        Gen<string> look = from open in Gen.Elements("(?=", "(?!", "(?>") from part in Pattern(depth - 1) select open + part + ")";
        Gen<string> piece = Gen.Frequency((4, atom), (4, repeated), (1, look), (1, Pattern(depth - 1).Select(part => $"(?:{part})")));
        Gen<string> sequence = from parts in piece.NonEmptyListOf() select string.Concat(parts.Take(4));
        return from branches in sequence.NonEmptyListOf() select string.Join('|', branches.Take(3));
    }

    private static bool SameAsDotNet(string pattern, string text)
    {
        var expected = new List<(int, int)>();
        int last = -1;
        foreach (System.Text.RegularExpressions.Match match in Regex.Matches(text, pattern, RegexOptions.CultureInvariant))
        {
            // Oniguruma's iteration does not report an empty match right behind another match.
            if (match.Length == 0 && match.Index == last) continue;
            last = match.Index + match.Length;
            expected.Add((match.Index, last));
        }
        PatternProgram program = PatternProgram.Compile(PatternParser.Parse(pattern));
        foreach (PatternMatcher matcher in (PatternMatcher[])[new(program), new(program, stepsPerChar: 0, freeSteps: 0)])
        {
            var found = new List<(int Start, int End)>();
            matcher.FindAll(text, found);
            if (!found.SequenceEqual(expected)) throw new InvalidOperationException($"got {string.Join(' ', found)}, expected {string.Join(' ', expected)}");
        }
        return true;
    }

    private static List<(int Start, int End)> Find(string pattern, string text)
    {
        var found = new List<(int Start, int End)>();
        CodePointPattern.Regex(pattern).FindAll(text, found);
        return found;
    }

    private static long Steps(string pattern, string text)
    {
        var matcher = new PatternMatcher(PatternProgram.Compile(PatternParser.Parse(pattern)));
        matcher.FindAll(text, []);
        return matcher.StepCount;
    }
}
