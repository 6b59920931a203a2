using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Switchyard.Model.Text;
using Switchyard.Tests.Files;
using Xunit;

namespace Switchyard.Tests.Text;

/// <summary>Laws of encoding and decoding, over generated texts and ids.</summary>
public sealed class TokenizerLawTests
{
    private static readonly Lazy<ITokenizer> Tales = new(() => Tokenizers.Open(Path.Combine(TestPaths.Models, "tales-0.4m")));

    private static Config Seeded(int cases) => Config.QuickThrowOnFailure.WithMaxTest(Hostile.Cases(cases)).WithReplay(20261122, 9);

    /// <summary>Texts of words, spaces, marks and letters from everywhere; no lone surrogates.</summary>
    private static Arbitrary<string> Texts =>
        Gen.OneOf(
                Gen.Elements("the", " the", "  ", "\n", "'s", "12345", "<|endoftext", "ſ", "é", "e\u0301", "中文", "🦙", "\u200d", "\t", "\0", "▁", "<0x41>", "İ"),
                Gen.Choose(0, 0x10FFFF).Where(c => c is < 0xD800 or > 0xDFFF).Select(char.ConvertFromUtf32))
            .ArrayOf().Select(string.Concat).ToArbitrary();

    private static ITokenizer[] Decoders =>
    [
        Tales.Value,
        TinyTokenizer.Open(TinyTokenizer.SentencePiece()),
        WithDecoder("null"),
        WithDecoder("""{"type":"BPEDecoder","suffix":"</w>"}"""),
        WithDecoder("""{"type":"Metaspace","replacement":"▁"}"""),
        WithDecoder("""{"type":"Sequence","decoders":[{"type":"ByteFallback"},{"type":"Fuse"},{"type":"Strip","content":" ","start":2,"stop":2}]}"""),
    ];

    [Fact]
    public void Byte_level_text_comes_back() =>
        Check.One(Seeded(1000), Prop.ForAll(Texts, text => Tales.Value.Decode(Tales.Value.Encode(text, parseSpecial: false)) == text));

    [Fact]
    public void A_text_of_bytes_alone_spells_the_same() => Check.One(Seeded(300), Prop.ForAll(Texts, text =>
    {
        var bytes = new List<byte>();
        foreach (int id in Tales.Value.Encode(text, addSpecial: false, parseSpecial: false)) bytes.AddRange(Tales.Value.Bytes(id));
        return Encoding.UTF8.GetBytes(text).SequenceEqual(bytes);
    }));

    [Fact]
    public void Streamed_text_is_the_whole_text_and_never_half_a_character()
    {
        foreach (ITokenizer tokenizer in Decoders)
        {
            Gen<int> ids = Gen.Choose(0, Math.Min(tokenizer.VocabularySize, 700) - 1);
            Gen<(int[], bool, bool)> cases = from list in ids.ArrayOf() from skips in Gen.Elements(true, false) from continues in Gen.Elements(true, false) select (list, skips, continues);
            Check.One(Seeded(300), Prop.ForAll(cases.ToArbitrary(), c => StreamsLikeWhole(tokenizer, c.Item1, c.Item2, c.Item3)));
        }
    }

    [Fact]
    public void Half_characters_wait_and_broken_ones_are_marked()
    {
        ITokenizer tokenizer = TinyTokenizer.Open(TinyTokenizer.SentencePiece());
        StreamingDecoder decoder = tokenizer.CreateDecoder();
        int[] llama = [.. Encoding.UTF8.GetBytes("🦙").Select(b => 3 + b)];
        Assert.Equal(["", "", "", "🦙", ""], [.. llama.Select(decoder.Append), decoder.Flush()]);
        Assert.Equal(["", "", "\uFFFD"], [decoder.Append(llama[0]), decoder.Append(llama[1]), decoder.Flush()]);
        Assert.Equal("h", decoder.Append([llama[0], 3 + 'h']).Replace("\uFFFD", "", StringComparison.Ordinal));
    }

    [Fact]
    public void Encoding_is_the_same_on_every_thread_and_with_remembered_words()
    {
        string text = string.Concat(Enumerable.Range(0, 3000).Select(i => $"word{i % 977} the old house, "));
        int[] once = Tales.Value.Encode(text);
        var results = new int[4][];
        Thread[] threads = [.. Enumerable.Range(0, 4).Select(i => new Thread(() => results[i] = Tales.Value.Encode(text)))];
        foreach (Thread thread in threads) thread.Start();
        foreach (Thread thread in threads) thread.Join();
        Assert.All(results, ids => Assert.Equal(once, ids));
    }

    [Fact]
    public void Lone_surrogates_count_as_replacement_characters()
    {
        Assert.Equal(Tales.Value.Encode("a\uFFFDb"), Tales.Value.Encode("a\uD83Eb"));
        Assert.Equal(Tales.Value.Encode("\uFFFD"), Tales.Value.Encode("\uDD99"));
    }

    [Theory]
    [InlineData(' ')]
    [InlineData('a')]
    [InlineData('1')]
    [InlineData('\n')]
    [InlineData('\'')]
    [InlineData('中')]
    [InlineData('\u0301')]
    public void Long_runs_come_back(char c)
    {
        string text = new string(c, TestPaths.Long ? 1_000_000 : 60_000) + "x";
        Assert.Equal(text, Tales.Value.Decode(Tales.Value.Encode(text)));
        ITokenizer pieces = TinyTokenizer.Open(TinyTokenizer.SentencePiece());
        Assert.Equal(text, pieces.Decode(pieces.Encode(text)));
    }

    [Fact]
    public void Vocabularies_compare_by_content()
    {
        ITokenizer other = TinyTokenizer.Open(TinyTokenizer.SentencePiece());
        ITokenizer same = Tokenizers.Open(Path.Combine(TestPaths.Models, "tales-1m", "tokenizer.json"));
        Assert.True(VocabularyComparison.Of(Tales.Value, same).AreEqual);
        Assert.Equal(Tales.Value.Fingerprint, same.Fingerprint);
        Assert.NotEqual(Tales.Value.Fingerprint, other.Fingerprint);
        VocabularyComparison comparison = VocabularyComparison.Of(Tales.Value, other);
        Assert.False(comparison.AgreeWhereShared);
        Assert.Equal((other.VocabularySize, 0), (comparison.SharedCount, comparison.FirstDifference));
    }

    [Fact]
    public void Ids_outside_the_vocabulary_are_refused_by_name()
    {
        int end = Tales.Value.VocabularySize;
        Assert.Contains($"0 to {end - 1}", Assert.Throws<ArgumentOutOfRangeException>(() => Tales.Value.Decode([end])).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentOutOfRangeException>(() => Tales.Value.TokenString(-1));
    }

    private static ITokenizer WithDecoder(string decoder) => TinyTokenizer.Open(TinyTokenizer.Json(
        TinyTokenizer.Model(["a", " ", "  ", "▁", "▁b", "c</w>", "</w>", "<0xF0>", "<0x9F>", "<0x80>", "<0x41>", "é", "<s>"], []),
        $$"""{"decoder":{{decoder}},"added_tokens":[{"id":12,"content":"<s>","special":true}]}"""));

    private static bool StreamsLikeWhole(ITokenizer tokenizer, int[] ids, bool skips, bool continues)
    {
        StreamingDecoder decoder = tokenizer.CreateDecoder(skips, continues);
        string[] parts = [.. ids.Select(decoder.Append), decoder.Flush()];
        return string.Concat(parts) == tokenizer.Decode(ids, skips, continues)
            && parts.All(part => part.Length == 0 || (!char.IsLowSurrogate(part[0]) && !char.IsHighSurrogate(part[^1])));
    }
}
