using System.Text.Json;
using Switchyard.Model.Files;
using Switchyard.Model.Text;
using Switchyard.Tests.Files;
using Xunit;

namespace Switchyard.Tests.Text;

/// <summary>Tokenizers from GGUF metadata.</summary>
public sealed class GgufTokenizerTests
{
    [Theory]
    [InlineData("gpt-2")]
    [InlineData("llama-spm")]
    public void Vectors_are_reproduced(string name)
    {
        if (TestPaths.InShared("tokenizers", "gguf", $"ggml-vocab-{name}.gguf") is string path) TokenizerVectorTests.CheckVectors(Tokenizers.Open(path), name);
    }

    [Theory]
    [InlineData("tiny-llama3")]
    [InlineData("tiny-qwen2")]
    [InlineData("tiny-qwen3")]
    public void A_model_has_one_vocabulary_in_both_formats(string name)
    {
        if (TestPaths.InShared("models", name) is not string folder) return;
        ITokenizer json = Tokenizers.Open(folder), gguf = Tokenizers.Open(Path.Combine(folder, name + ".gguf"));
        Assert.True(VocabularyComparison.Of(json, gguf).AgreeWhereShared);
        const string Text = "The old house stood by the river; nobody's lived there.\n";
        Assert.Equal(json.Encode(Text, addSpecial: false), gguf.Encode(Text, addSpecial: false));
    }

    [Theory]
    [InlineData("gpt-2", "Hello I'm 12 x")]
    [InlineData("llama-bpe", "Hello I'm 12 x")]
    [InlineData("qwen2", "Hello I'm x")]
    [InlineData("smollm", "Hello x")]
    [InlineData(null, "Hello x")]
    public void Names_choose_how_text_is_split(string? pre, string text)
    {
        GgufVocabulary vocabulary = Tales() with { Pre = pre, AddsBos = false };
        ITokenizer tokenizer = GgufTokenizer.Create(vocabulary);
        Assert.Equal(text, tokenizer.Decode(tokenizer.Encode(text)));
        Assert.Equal(Tokenizers.Open(Path.Combine(TestPaths.Models, "tales-0.4m")).Encode("Hello x", addSpecial: false), tokenizer.Encode("Hello x"));
    }

    [Fact]
    public void Special_tokens_come_from_ids_types_and_kind()
    {
        GgufVocabulary vocabulary = Tales();
        ITokenizer plain = GgufTokenizer.Create(vocabulary with { Pre = "gpt-2", BosId = 0, EosId = 0 });
        Assert.Equal((0, 0), (plain.BosId, plain.EosIds.Single()));
        Assert.DoesNotContain(0, plain.Encode("x"));
        Assert.Equal([0], plain.Encode("<|endoftext|>"));
        Assert.DoesNotContain(0, plain.Encode("<|endoftext|>", parseSpecial: false));
        Assert.Equal(0, GgufTokenizer.Create(vocabulary with { Pre = "llama-bpe", BosId = 0 }).Encode("x")[0]);
        Assert.Equal(0, GgufTokenizer.Create(vocabulary with { Pre = "gpt-2", BosId = 0, EosId = 0, AddsEos = true }).Encode("x")[^1]);
    }

    [Theory]
    [InlineData("bert", null, 0, "llama (SentencePiece BPE)")]
    [InlineData("gpt2", "no-such-split", 0, "deepseek-coder")]
    [InlineData("gpt2", "gpt-2", 99999, "0 to 4095")]
    [InlineData("llama", null, 0, "scores")]
    public void Refusals_name_what_is_supported(string model, string? pre, int bos, string named)
    {
        GgufVocabulary vocabulary = Tales() with { Model = model, Pre = pre, BosId = bos };
        ModelFormatException refusal = Assert.Throws<ModelFormatException>(() => GgufTokenizer.Create(vocabulary));
        Assert.Contains(named, refusal.Message, StringComparison.Ordinal);
        Assert.Contains("tokenizer.ggml", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Inconsistent_lists_are_refused()
    {
        GgufVocabulary good = Tales() with { Pre = "gpt-2" };
        Assert.Throws<ModelFormatException>(() => GgufTokenizer.Create(good with { Tokens = ["a", "a"], TokenTypes = null, Merges = [] }));
        Assert.Throws<ModelFormatException>(() => GgufTokenizer.Create(good with { Tokens = [] }));
        Assert.Throws<ModelFormatException>(() => GgufTokenizer.Create(good with { TokenTypes = [1, 2] }));
        Assert.Throws<ModelFormatException>(() => GgufTokenizer.Create(good with { Merges = ["x"] }));
        Assert.Throws<ModelFormatException>(() => GgufTokenizer.Create(good with { Merges = null }));
        Assert.Throws<ModelFormatException>(() => GgufTokenizer.Create(good with { AddsBos = true, BosId = null }));
        Assert.Throws<ModelFormatException>(() => GgufTokenizer.Create(good with { Model = "llama", Scores = [.. good.Tokens.Select(_ => float.NaN)] }));
    }

    [Fact]
    public void Damaged_metadata_are_refused_or_read()
    {
        using var folder = new TemporaryFolder();
        var metadata = new GgufMetadata("tiny");
        metadata.Add("tokenizer.ggml.model", GgufValue.Of("gpt2"));
        metadata.Add("tokenizer.ggml.pre", GgufValue.Of("gpt-2"));
        metadata.Add("tokenizer.ggml.tokens", GgufValue.Of(["<s>", "a", "b", "ab", "Ġ", "Ġa"]));
        metadata.Add("tokenizer.ggml.token_type", GgufValue.Of([3, 1, 1, 1, 1, 4]));
        metadata.Add("tokenizer.ggml.merges", GgufValue.Of(["a b", "Ġ a"]));
        metadata.Add("tokenizer.ggml.bos_token_id", GgufValue.Of(0u));
        metadata.Add("tokenizer.ggml.add_bos_token", GgufValue.Of(true));
        string good = folder["good.gguf"];
        GgufWriter.Write(good, metadata, []);
        Assert.Equal([0, 3, 5, 0], Tokenizers.Open(good).Encode("ab a<s>"));
        byte[] bytes = File.ReadAllBytes(good);
        Hostile.ForAllDamages(300, damages => Hostile.BehavesOn(folder.Write("damaged.gguf", Hostile.Apply(bytes, damages, bytes.Length)), Use));

        static void Use(string path)
        {
            ITokenizer tokenizer = Tokenizers.Open(path);
            tokenizer.Decode(tokenizer.Encode("ab a<s> 12"));
        }
    }

    /// <summary>The project's own vocabulary as GGUF would hold it.</summary>
    private static GgufVocabulary Tales()
    {
        using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(TestPaths.Models, "tales-0.4m", "tokenizer.json")));
        JsonElement model = document.RootElement.GetProperty("model");
        string[] tokens = [.. model.GetProperty("vocab").EnumerateObject().OrderBy(entry => entry.Value.GetInt32()).Select(entry => entry.Name)];
        return new GgufVocabulary
        {
            Source = "tales.gguf",
            Model = "gpt2",
            Tokens = tokens,
            TokenTypes = [.. tokens.Select(token => token == "<|endoftext|>" ? (int)GgufTokenType.Control : (int)GgufTokenType.Normal)],
            Merges = [.. model.GetProperty("merges").EnumerateArray().Select(merge => merge.ValueKind == JsonValueKind.String ? merge.GetString()! : $"{merge[0].GetString()} {merge[1].GetString()}")],
        };
    }
}
