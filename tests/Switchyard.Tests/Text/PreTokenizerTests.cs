using System.Text.Json;
using Switchyard.Model.Text;
using Xunit;

namespace Switchyard.Tests.Text;

/// <summary>How text is cut, by the examples of Hugging Face's documentation and its corner cases.</summary>
public sealed class PreTokenizerTests
{
    [Theory]
    [InlineData("Removed", false, "the|final|countdown")]
    [InlineData("Isolated", false, "the|-|final|-|-|countdown")]
    [InlineData("MergedWithPrevious", false, "the-|final-|-|countdown")]
    [InlineData("MergedWithNext", false, "the|-final|-|-countdown")]
    [InlineData("Contiguous", false, "the|-|final|--|countdown")]
    [InlineData("Removed", true, "-|-|-")]
    [InlineData("MergedWithNext", true, "the-|final-|-|countdown")]
    public void Splits_treat_matches_as_told(string behavior, bool invert, string expected) =>
        Assert.Equal(expected, Cut($$$"""{"type":"Split","pattern":{"String":"-"},"behavior":"{{{behavior}}}","invert":{{{(invert ? "true" : "false")}}}}""", "the-final--countdown"));

    [Theory]
    [InlineData("""{"type":"Digits","individual_digits":true}""", "a12½b", "a|1|2|½|b")]
    [InlineData("""{"type":"Digits","individual_digits":false}""", "a12½b", "a|12½|b")]
    [InlineData("""{"type":"Punctuation"}""", "a!?b$", "a|!|?|b|$")]
    [InlineData("""{"type":"Punctuation","behavior":"Contiguous"}""", "a!?b", "a|!?|b")]
    [InlineData("""{"type":"Whitespace"}""", "Hey  you_1!!", "Hey|you_1|!!")]
    [InlineData("""{"type":"WhitespaceSplit"}""", " Hey  you!\n", "Hey|you!")]
    [InlineData("""{"type":"CharDelimiterSplit","delimiter":"x"}""", "axbxx", "a|b")]
    [InlineData("""{"type":"BertPreTokenizer"}""", "Hey you!", "Hey|you|!")]
    [InlineData("""{"type":"ByteLevel","add_prefix_space":true}""", "I'm 中", "ĠI|'m|Ġä¸Ń")]
    [InlineData("""{"type":"ByteLevel","add_prefix_space":false,"use_regex":false}""", "a b\n", "aĠbĊ")]
    [InlineData("""{"type":"Metaspace","replacement":"▁"}""", "Hey  you", "▁Hey|▁|▁you")]
    [InlineData("""{"type":"Metaspace","replacement":"▁","prepend_scheme":"never"}""", "Hey you", "Hey|▁you")]
    [InlineData("""{"type":"Metaspace","replacement":"▁","prepend_scheme":"first","split":false}""", "Hey you", "▁Hey▁you")]
    [InlineData("""{"type":"Metaspace","replacement":"▁"}""", " Hey", "▁Hey")]
    [InlineData("""{"type":"Sequence","pretokenizers":[{"type":"WhitespaceSplit"},{"type":"Metaspace","replacement":"▁","prepend_scheme":"first"}]}""", "a b", "▁a|b")]
    [InlineData("""{"type":"Sequence","pretokenizers":[{"type":"WhitespaceSplit"},{"type":"Metaspace","replacement":"▁","prepend_scheme":"first"}]}""", " a b", "a|b")]
    [InlineData("""{"type":"Split","pattern":{"Regex":"(?=(\\d{3})+(?!\\d))"},"behavior":"Isolated","invert":false}""", "a1234567b", "a1|234|567b")]
    public void Pre_tokenizers_cut(string json, string text, string expected) => Assert.Equal(expected, Cut(json, text));

    [Fact]
    public void Every_named_split_of_gguf_files_keeps_all_text()
    {
        const string Text = "Hello,  World! 12345 it's\r\n\n  ÄÖ 中文字 かな ½ 🦙 x_y\t(z) ";
        foreach (string name in GgufSplits.Names)
        {
            var buffer = new PieceBuffer();
            buffer.Load(Text, startsInput: true);
            foreach (string pattern in GgufSplits.Find(name)!.Patterns) new SplitPreTokenizer(CodePointPattern.Regex(pattern), SplitBehavior.Isolated, invert: false).Apply(buffer);
            Assert.Equal(Text, string.Concat(Pieces(buffer)));
            Assert.True(buffer.Pieces.Count >= 3, name);
        }
    }

    private static string Cut(string json, string text)
    {
        using JsonDocument document = JsonDocument.Parse(json);
        var buffer = new PieceBuffer();
        buffer.Load(text, startsInput: true);
        PreTokenizerReader.Read(new JsonField(document.RootElement, "test", "$")).Apply(buffer);
        return string.Join('|', Pieces(buffer));
    }

    private static IEnumerable<string> Pieces(PieceBuffer buffer)
    {
        string text = buffer.Text.ToString();
        return buffer.Pieces.Select(piece => text[piece.Start..piece.End]);
    }
}
