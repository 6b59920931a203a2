using System.Text;
using Switchyard.Model.Files;
using Switchyard.Model.Text;
using Switchyard.Tests.Files;
using Xunit;

namespace Switchyard.Tests.Text;

/// <summary>Tokenizer files that are damaged or made to hurt: read, or refused by a typed exception; never a crash, a hang or a flood.</summary>
public sealed class HostileTokenizerTests : IDisposable
{
    private const string Everything = """
        {"added_tokens":[{"id":7,"content":"<s>","special":true,"lstrip":true},{"id":8,"content":"ab","single_word":true,"rstrip":true}],
         "normalizer":{"type":"Sequence","normalizers":[{"type":"NFKC"},{"type":"Prepend","prepend":"▁"},{"type":"Replace","pattern":{"Regex":" +"},"content":"▁"},{"type":"Strip","strip_left":false,"strip_right":true}]},
         "pre_tokenizer":{"type":"Sequence","pretokenizers":[{"type":"Split","pattern":{"Regex":"(?i:'s)|\\p{L}+|[^\\s\\p{L}]+?|\\s+(?!\\S)"},"behavior":"MergedWithNext","invert":false},{"type":"Digits","individual_digits":true},{"type":"Metaspace","replacement":"▁","prepend_scheme":"first","split":true}]},
         "post_processor":{"type":"Sequence","processors":[{"type":"ByteLevel"},{"type":"TemplateProcessing","single":[{"SpecialToken":{"id":"<s>","type_id":0}},{"Sequence":{"id":"A","type_id":0}}],"special_tokens":{"<s>":{"id":"<s>","ids":[7],"tokens":["<s>"]}}}]},
         "decoder":{"type":"Sequence","decoders":[{"type":"Replace","pattern":{"String":"▁"},"content":" "},{"type":"ByteFallback"},{"type":"Fuse"},{"type":"Strip","content":" ","start":1,"stop":1}]}}
        """;

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Damaged_files_are_refused_or_read()
    {
        string good = TinyTokenizer.Json(TinyTokenizer.Model(["a", "b", "▁", "▁a", "<0x41>", "?"], ["▁ a"], """{"unk_token":"?","byte_fallback":true,"fuse_unk":true}"""), Everything);
        byte[] bytes = Encoding.UTF8.GetBytes(good);
        Use(_folder.Write("tokenizer.json", bytes));
        Hostile.ForAllDamages(600, damages => Hostile.BehavesOn(_folder.Write("tokenizer.json", Hostile.Apply(bytes, [.. damages.Take(3)], bytes.Length)), Use));
    }

    [Fact]
    public void Damaged_configs_are_refused_or_read()
    {
        _folder.Write("tokenizer.json", TinyTokenizer.SentencePiece());
        const string Config = """{"bos_token":{"content":"<s>"},"eos_token":"</s>","add_bos_token":true,"add_eos_token":false,"added_tokens_decoder":{"1":{"content":"<s>","special":true,"rstrip":true}}}""";
        byte[] bytes = Encoding.UTF8.GetBytes(Config);
        Hostile.ForAllDamages(300, damages =>
        {
            _folder.Write("tokenizer_config.json", Hostile.Apply(bytes, [.. damages.Take(3)], bytes.Length));
            return Hostile.BehavesOn(_folder.Path, Use);
        });
    }

    [Theory]
    [InlineData("deep")]
    [InlineData("deep normalizer")]
    [InlineData("long token")]
    [InlineData("long merge")]
    [InlineData("far id")]
    [InlineData("nested pattern")]
    public void Files_made_to_hurt_are_refused_or_read(string kind)
    {
        string json = kind switch
        {
            "deep" => new string('[', 100_000),
            "deep normalizer" => string.Concat(Enumerable.Repeat("{\"normalizer\":{\"type\":\"Sequence\",\"normalizers\":[", 20)) + string.Concat(Enumerable.Repeat("]}}", 20)),
            "long token" => TinyTokenizer.Json(TinyTokenizer.Model([new string('a', 300_000), "a"], [])),
            "long merge" => TinyTokenizer.Json(TinyTokenizer.Model([new string(' ', 300_000), " "], [new string(' ', 300_000)])),
            "far id" => """{"model":{"type":"BPE","vocab":{"a":2147483646},"merges":[]}}""",
            _ => TinyTokenizer.Json(TinyTokenizer.Model(["a"], []), "{\"pre_tokenizer\":{\"type\":\"Split\",\"behavior\":\"Isolated\",\"pattern\":{\"Regex\":\""
                + string.Concat(Enumerable.Repeat("(?:a{900}", 30)) + string.Concat(Enumerable.Repeat("){900}", 30)) + "\"}}}"),
        };
        Assert.True(Hostile.BehavesOn(_folder.Write("tokenizer.json", json), Use));
    }

    [Theory]
    [InlineData("normalizer", "normalizers", "{\"String\":\"a\"}")]
    [InlineData("normalizer", "normalizers", "{\"Regex\":\"a\"}")]
    [InlineData("normalizer", "normalizers", "{\"Regex\":\"(?=a)\"}")]
    [InlineData("decoder", "decoders", "{\"String\":\"a\"}")]
    public void Replacements_that_would_multiply_a_text_are_refused(string stage, string list, string pattern)
    {
        string one = $$"""{"type":"Replace","pattern":{{pattern}},"content":"{{new string('a', 15)}}"}""";
        string json = TinyTokenizer.Json(TinyTokenizer.Model(["a", "b"], []), $$$"""{"{{{stage}}}":{"type":"Sequence","{{{list}}}":[{{{string.Join(',', Enumerable.Repeat(one, 12))}}}]}}""");
        var refusal = Assert.Throws<ModelFormatException>(() => Use(_folder.Write("tokenizer.json", json)));
        Assert.StartsWith($"$.{stage}", refusal.Field, StringComparison.Ordinal);
        Assert.Contains("absurdly long", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_replacement_may_write_a_word_for_a_letter()
    {
        string json = TinyTokenizer.Json(
            TinyTokenizer.Model(["a", "b", "n", "l", "<", ">"], []), """{"normalizer":{"type":"Sequence","normalizers":[{"type":"NFKC"},{"type":"Replace","pattern":{"String":"\n"},"content":"<nl>"}]}}""");
        Assert.Equal(4 * 1000, Tokenizers.Open(_folder.Write("tokenizer.json", json)).Encode(new string('\n', 1000), addSpecial: false).Length);
    }

    private static void Use(string path)
    {
        ITokenizer tokenizer = Tokenizers.Open(path);
        int[] ids = tokenizer.Encode("ab<s> a's 12\n  x" + new string('a', 300));
        tokenizer.Decode(ids);
        tokenizer.Decode(ids, skipSpecial: false, isContinuation: true);
    }
}
