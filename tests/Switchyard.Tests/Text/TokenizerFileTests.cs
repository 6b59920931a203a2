using System.Text.Json.Nodes;
using Switchyard.Model.Files;
using Switchyard.Model.Text;
using Xunit;

namespace Switchyard.Tests.Text;

/// <summary>What each part of tokenizer.json means, on small files.</summary>
public sealed class TokenizerFileTests
{
    private static readonly string[] Letters = [.. "abcdefghijklmnopqrstuvwxyz <>[]/.".Select(c => c.ToString())];

    [Theory]
    [InlineData("{\"id\":40,\"content\":\"<x>\",\"special\":true}", "a<x>b", "a|<x>|b")]
    [InlineData("{\"id\":40,\"content\":\"<x>\",\"special\":true,\"lstrip\":true}", "a  <x> b", "a|<x>| |b")]
    [InlineData("{\"id\":40,\"content\":\"<x>\",\"special\":true,\"rstrip\":true}", "a <x>  b", "a| |<x>|b")]
    [InlineData("{\"id\":40,\"content\":\"<x>\",\"special\":true,\"lstrip\":true,\"rstrip\":true}", " <x>  <x> ", "<x>|<x>")]
    [InlineData("{\"id\":40,\"content\":\"ab\",\"single_word\":true}", "ab cab ab.", "ab| |c|a|b| |ab|.")]
    [InlineData("{\"id\":40,\"content\":\"ab\"},{\"id\":41,\"content\":\"abc\"}", "abcab", "abc|ab")]
    [InlineData("{\"id\":40,\"content\":\"bc\"},{\"id\":41,\"content\":\"ab\"}", "abc", "ab|c")]
    public void Added_tokens_match_by_their_flags(string added, string text, string expected) =>
        Assert.Equal(expected, TinyTokenizer.Spell(Plain($$"""{"added_tokens":[{{added}}]}"""), text));

    [Fact]
    public void Normalized_added_tokens_match_normalized_text()
    {
        ITokenizer tokenizer = Plain("""{"normalizer":{"type":"Lowercase"},"added_tokens":[{"id":40,"content":"Day","normalized":true},{"id":41,"content":"[MON]","normalized":false}]}""");
        Assert.Equal("a| |Day|[MON]|[|m|o|n|]", TinyTokenizer.Spell(tokenizer, "A DAY[MON][mon]"));
    }

    [Fact]
    public void Special_tokens_are_text_unless_parsed()
    {
        ITokenizer tokenizer = Plain("""{"added_tokens":[{"id":40,"content":"<x>","special":true},{"id":41,"content":"<y>"}]}""");
        Assert.Equal("<|x|>|<y>", TinyTokenizer.Spell(tokenizer, "<x><y>", parseSpecial: false));
        Assert.Equal("<y>", tokenizer.Decode([40, 41]));
        Assert.Equal("<x> <y>", tokenizer.Decode([40, 41], skipSpecial: false));
    }

    [Fact]
    public void What_the_config_says_of_a_token_wins()
    {
        string json = TinyTokenizer.Json(TinyTokenizer.Model(Letters, []), """{"added_tokens":[{"id":40,"content":"<x>","special":true}]}""");
        ITokenizer tokenizer = TinyTokenizer.Open(json, """{"added_tokens_decoder":{"40":{"content":"<x>","special":true,"rstrip":true},"41":{"content":"<y>","special":false}}}""");
        Assert.Equal("<x>|<y>| |a", TinyTokenizer.Spell(tokenizer, "<x> <y> a"));
    }

    [Fact]
    public void Bos_and_eos_follow_the_template_until_the_config_speaks()
    {
        string json = TinyTokenizer.SentencePiece();
        Assert.Equal("<s>|▁hello", TinyTokenizer.Spell(TinyTokenizer.Open(json), "hello", addSpecial: true));
        const string Names = "\"bos_token\":{\"content\":\"<s>\"},\"eos_token\":\"</s>\"";
        ITokenizer both = TinyTokenizer.Open(json, "{" + Names + ",\"add_bos_token\":true,\"add_eos_token\":true}");
        Assert.Equal("<s>|▁hello|</s>", TinyTokenizer.Spell(both, "hello", addSpecial: true));
        Assert.Equal((1, 2), (both.BosId, both.EosIds.Single()));
        Assert.Equal("▁hello", TinyTokenizer.Spell(TinyTokenizer.Open(json, "{" + Names + ",\"add_bos_token\":false}"), "hello", addSpecial: true));
        Assert.Equal("<s>|▁hello", TinyTokenizer.Spell(TinyTokenizer.Open(json, "{" + Names + "}"), "hello", addSpecial: true));
        Assert.Throws<ModelFormatException>(() => TinyTokenizer.Open(json, """{"add_bos_token":true}"""));
    }

    [Fact]
    public void Bytes_stand_for_what_no_token_covers()
    {
        ITokenizer tokenizer = TinyTokenizer.Open(TinyTokenizer.SentencePiece());
        Assert.Equal("▁he|<0xC3>|<0xA9>|llo", TinyTokenizer.Spell(tokenizer, "heéllo"));
        Assert.Equal("▁▁|▁hello", TinyTokenizer.Spell(tokenizer, "  hello"));
        Assert.Equal("heé llo", tokenizer.Decode(tokenizer.Encode("heé llo")));
        Assert.Equal(" hello", tokenizer.Decode(tokenizer.Encode("hello"), isContinuation: true));
        Assert.Equal("", string.Concat(tokenizer.Encode("", addSpecial: false)));
    }

    [Theory]
    [InlineData("""{"unk_token":"?","fuse_unk":true}""", "?|a|?")]
    [InlineData("""{"unk_token":"?","fuse_unk":false}""", "?|?|a|?")]
    [InlineData("{}", "a")]
    public void Unknown_characters_become_the_unknown_token(string options, string expected) =>
        Assert.Equal(expected, TinyTokenizer.Spell(TinyTokenizer.Open(TinyTokenizer.Json(TinyTokenizer.Model(["a", "?"], [], options))), "éñaø"));

    [Fact]
    public void Merges_go_by_rank_and_whole_tokens_may_come_first()
    {
        string[] tokens = ["a", "b", "c", "ab", "bc", "abc"];
        Assert.Equal("a|bc", TinyTokenizer.Spell(TinyTokenizer.Open(TinyTokenizer.Json(TinyTokenizer.Model(tokens, ["b c", "a b"]))), "abc"));
        Assert.Equal("abc", TinyTokenizer.Spell(TinyTokenizer.Open(TinyTokenizer.Json(TinyTokenizer.Model(tokens, ["b c", "a b"], """{"ignore_merges":true}"""))), "abc"));
        JsonObject pairs = TinyTokenizer.Model(tokens, []);
        pairs["merges"] = JsonNode.Parse("""[["a","b"],["ab","c"]]""");
        Assert.Equal("abc|abc", TinyTokenizer.Spell(TinyTokenizer.Open(TinyTokenizer.Json(pairs)), "abcabc"));
    }

    [Fact]
    public void Prefixes_and_suffixes_mark_places_in_a_word()
    {
        JsonObject model = TinyTokenizer.Model(
            ["l", "##o", "##w</w>", "##w", "lo", "low</w>"], ["l ##o", "lo ##w</w>"], """{"continuing_subword_prefix":"##","end_of_word_suffix":"</w>"}""");
        ITokenizer tokenizer = TinyTokenizer.Open(TinyTokenizer.Json(model, """{"pre_tokenizer":{"type":"WhitespaceSplit"},"decoder":{"type":"BPEDecoder","suffix":"</w>"}}"""));
        Assert.Equal("low</w>|low</w>", TinyTokenizer.Spell(tokenizer, "low  low"));
        Assert.Equal("low low", tokenizer.Decode(tokenizer.Encode("low low")));
    }

    [Theory]
    [InlineData("""{"type":"NFC"}""", "e\u0301", "é")]
    [InlineData("""{"type":"NFKC"}""", "ﬁ", "f|i")]
    [InlineData("""{"type":"Sequence","normalizers":[{"type":"NFD"},{"type":"StripAccents"},{"type":"Lowercase"}]}""", "É", "e")]
    [InlineData("""{"type":"Strip","strip_left":true,"strip_right":false}""", " a ", "a| ")]
    [InlineData("""{"type":"Replace","pattern":{"Regex":" {2,}"},"content":"."}""", "a   b c", "a|.|b| |c")]
    [InlineData("""{"type":"Prepend","prepend":"."}""", "a", ".|a")]
    public void Normalizers_rewrite(string normalizer, string text, string expected) =>
        Assert.Equal(expected, TinyTokenizer.Spell(Plain($$"""{"normalizer":{{normalizer}}}""", "é"), text));

    [Theory]
    [InlineData("""{"type":"Sequence","decoders":[{"type":"Strip","content":"a","start":1,"stop":1}]}""", "b")]
    [InlineData("""{"type":"Metaspace","replacement":"a","prepend_scheme":"always"}""", "b ")]
    [InlineData("""{"type":"Metaspace","replacement":"a","prepend_scheme":"never"}""", " b ")]
    [InlineData("""{"type":"Sequence","decoders":[{"type":"Fuse"},{"type":"Strip","content":"a","start":0,"stop":2}]}""", "ab")]
    [InlineData("null", "a b a")]
    public void Decoders_join(string decoder, string expected) => Assert.Equal(expected, Plain($$"""{"decoder":{{decoder}}}""").Decode([0, 1, 0]));

    [Theory]
    [InlineData("""{"model":{"type":"Unigram","vocab":[]}}""", "Unigram")]
    [InlineData("""{"model":{"type":"WordPiece","vocab":{}}}""", "WordPiece")]
    [InlineData("""{"model":{"type":"BPE","vocab":{"a":0},"merges":[],"dropout":0.1}}""", "0.1")]
    [InlineData("""{"model":{"type":"BPE","vocab":{"a":0},"merges":["a b"]}}""", "\"b\"")]
    [InlineData("""{"model":{"type":"BPE","vocab":{"a":0,"b":0},"merges":[]}}""", "two tokens")]
    [InlineData("""{"model":{"type":"BPE","vocab":{"a":4000000000},"merges":[]}}""", "4000000000")]
    [InlineData("""{"model":{"type":"BPE","vocab":{"a":2000000000},"merges":[]}}""", "2000000000")]
    [InlineData("""{"model":{"type":"BPE","vocab":{"a":0},"merges":[]},"pre_tokenizer":{"type":"UnicodeScripts"}}""", "Metaspace")]
    [InlineData("""{"model":{"type":"BPE","vocab":{"a":0},"merges":[]},"normalizer":{"type":"Precompiled"}}""", "Precompiled")]
    [InlineData("""{"model":{"type":"BPE","vocab":{"a":0},"merges":[]},"decoder":{"type":"CTC"}}""", "CTC")]
    [InlineData("""{"model":{"type":"BPE","vocab":{"a":0},"merges":[]},"post_processor":{"type":"Odd"}}""", "TemplateProcessing")]
    [InlineData("""{"model":{"type":"BPE","vocab":{"a":0},"merges":[]},"pre_tokenizer":{"type":"Split","pattern":{"Regex":"(a)\\1"},"behavior":"Isolated"}}""", "(a)")]
    [InlineData("""{"model":{"type":"BPE","vocab":{"\ud800":0},"merges":[]}}""", "tokenizer.json")]
    [InlineData("""{"model":{"vocab":{},"merges":[]}}""", "empty")]
    [InlineData("[]", "tokenizer.json")]
    public void Refusals_name_what_was_found(string json, string named) =>
        Assert.Contains(named, Assert.Throws<ModelFormatException>(() => TinyTokenizer.Open(json)).Message, StringComparison.Ordinal);

    private static ITokenizer Plain(string rest, params string[] more) => TinyTokenizer.Open(TinyTokenizer.Json(TinyTokenizer.Model([.. Letters, .. more], []), rest));
}
