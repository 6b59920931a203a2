using FsCheck;
using FsCheck.Fluent;
using Switchyard.Model;
using Switchyard.Model.Files;
using Switchyard.Model.Files.Conversion;
using Switchyard.Model.Text;
using Switchyard.Tensor;
using Xunit;

namespace Switchyard.Tests.Files;

public sealed class ConversionTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public static TheoryData<string> Folders()
    {
        var folders = new TheoryData<string> { Path.Combine(TestPaths.Models, "tales-0.4m"), Path.Combine(TestPaths.Models, "tales-1m") };
        if (TestPaths.InShared("models") is { } shared)
            foreach (string folder in Directory.GetDirectories(shared))
                if (File.Exists(Path.Combine(folder, "config.json")) && !Path.GetFileName(folder).StartsWith("tales", StringComparison.Ordinal)) folders.Add(folder);
        return folders;
    }

    public void Dispose() => _folder.Dispose();

    [Theory]
    [MemberData(nameof(Folders))]
    public void A_model_survives_the_way_to_GGUF_and_back(string source)
    {
        string gguf = _folder["model.gguf"], back = _folder["back"];
        ModelConverter.ToGguf(source, gguf);
        ModelConverter.ToHuggingFace(gguf, back);
        using (ModelFiles a = ModelFiles.Open(source), b = ModelFiles.Open(gguf))
        {
            Assert.Equal(a.InFileOrder.ToHashSet(), b.InFileOrder.ToHashSet());
            foreach (WeightId id in a.InFileOrder) Assert.Equal(Floats(a.Open(id)), Floats(b.Open(id)));
            AssertSame(a.Config, b.Config);
            ITokenizer before = Tokenizers.Open(source), inside = Tokenizers.Open(gguf), after = Tokenizers.Open(back);
            Assert.Null(TokenizerProbe.FirstDifference(before, inside));
            Assert.Equal(before.Fingerprint, after.Fingerprint);
            Assert.Equal((before.BosId, before.EosIds[0], before.UnknownId), (after.BosId, after.EosIds[0], after.UnknownId));
            Assert.Equal(a.ChatTemplate, b.ChatTemplate);
        }
        AssertSameBits(source, back);
    }

    [Theory]
    [InlineData("tiny-llama3")]
    [InlineData("tiny-qwen2")]
    [InlineData("tiny-qwen3")]
    public void Files_of_other_writers_become_folders(string name)
    {
        if (TestPaths.InShared("models", name) is not { } original) return;
        string back = _folder["back"];
        ModelConverter.ToHuggingFace(Path.Combine(original, name + ".gguf"), back);
        AssertSameBits(original, back);
        Assert.Null(TokenizerProbe.FirstDifference(Tokenizers.Open(original), Tokenizers.Open(back)));
    }

    [Fact]
    public void Every_bit_of_small_models_of_every_family_and_type_is_kept()
    {
        Gen<(ModelConfig, int)> cases =
            from family in Gen.Elements(Enum.GetValues<ModelFamily>())
            from layers in Gen.Choose(1, 3)
            from kv in Gen.Choose(1, 2)
            from groups in Gen.Choose(1, 3)
            from half in Gen.Choose(1, 5)
            from hidden in Gen.Choose(1, 40)
            from tied in Gen.Elements(true, false)
            from biased in Gen.Elements(true, false)
            from window in Gen.Choose(0, 2)
            from scaling in Gen.Elements<RopeScaling?>(null, new RopeScaling.Linear(2.5), new RopeScaling.Llama3(8, 1, 4, 32), new RopeScaling.Yarn(4, 16, AttentionFactor: 1.1), new RopeScaling.Yarn(3, 21), new RopeScaling.Dynamic(2))
            from seed in Gen.Choose(0, int.MaxValue)
            let qwen = family is ModelFamily.Qwen2 or ModelFamily.Qwen3
            let all = biased && family is ModelFamily.Llama or ModelFamily.Qwen3 && biased
            select (new ModelConfig
            {
                Family = family,
                VocabSize = 7 + layers,
                HiddenSize = hidden,
                IntermediateSize = 3 * hidden + 1,
                LayerCount = layers,
                KvHeadCount = kv,
                HeadCount = kv * groups,
                HeadDim = 2 * half + (scaling is RopeScaling.Dynamic ? 2 : 0),
                MaxPositionEmbeddings = 64,
                TieWordEmbeddings = tied,
                QkvBias = all || family == ModelFamily.Qwen2,
                AttentionOutputBias = all,
                MlpBias = family == ModelFamily.Llama && biased,
                QkNorm = family == ModelFamily.Qwen3,
                SlidingWindow = family == ModelFamily.Mistral || (qwen && window > 0) ? 8 : null,
                WindowFromLayer = qwen && window > 0 ? Math.Min(window, layers) - 1 : 0,
                RopeScaling = scaling,
                BosTokenId = 1,
                EosTokenIds = [2, 0],
            }, seed);
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(Hostile.Cases(40)).WithReplay(3, 5), Prop.ForAll(cases.ToArbitrary(), c =>
        {
            string source = _folder["source"], gguf = _folder["model.gguf"], back = _folder["back"];
            RandomFolder.Write(source, c.Item1, c.Item2);
            ModelConverter.ToGguf(source, gguf);
            ModelConverter.ToHuggingFace(gguf, back);
            AssertSameBits(source, back);
            return true;
        }));
    }

    [Fact]
    public void Quantised_files_are_written_and_not_turned_into_folders()
    {
        string source = Path.Combine(TestPaths.Models, "tales-0.4m"), gguf = _folder["q8.gguf"];
        ModelConverter.ToGguf(source, gguf, new ConvertOptions { Quantize = DType.Q8_0 });
        using (ModelFiles a = ModelFiles.Open(source), b = ModelFiles.Open(gguf))
        {
            Assert.Equal(DType.Q8_0, b.Entry(new WeightId(WeightRole.Down, 1)).DType);
            Assert.Equal(DType.F32, b.Entry(new WeightId(WeightRole.AttentionNorm)).DType);
            foreach (WeightId id in a.InFileOrder)
            {
                float[] x = Floats(a.Open(id)), y = Floats(b.Open(id));
                float largest = x.Max(Math.Abs);
                for (int i = 0; i < x.Length; i++) Assert.True(Math.Abs(x[i] - y[i]) <= largest / 127);
            }
        }
        Assert.Contains("Q8_0", Assert.Throws<NotSupportedException>(() => ModelConverter.ToHuggingFace(gguf, _folder["back"])).Message, StringComparison.Ordinal);
        Assert.Throws<NotSupportedException>(() => ModelConverter.ToGguf(gguf, _folder["again.gguf"]));
        Assert.Throws<NotSupportedException>(() => ModelConverter.ToHuggingFace(source, _folder["again"]));
    }

    [Theory]
    [InlineData("gpt2", "gpt-2", "gpt2")]
    [InlineData("llama3", "llama-bpe", "gpt2")]
    [InlineData("qwen", "qwen2", "gpt2")]
    [InlineData("llama2", "default", "llama")]
    public void Common_tokenizers_are_expressed_both_ways(string name, string pre, string model)
    {
        if (TestPaths.InShared("tokenizers", name, "tokenizer.json") is not { } path) return;
        ITokenizer original = Tokenizers.Open(path);
        ModelConfig config = TinyConfig with { VocabSize = original.VocabularySize + 3 };
        GgufVocabulary vocabulary = TokenizerToGguf.Convert(path, config);
        Assert.Equal((pre, model, config.VocabSize), (vocabulary.Pre, vocabulary.Model, vocabulary.Tokens.Count));
        Assert.Null(TokenizerProbe.FirstDifference(original, GgufTokenizer.Create(vocabulary)));
        string gguf = _folder["vocabulary.gguf"];
        var metadata = new GgufMetadata(gguf);
        GgufTokenizerMetadata.Add(metadata, vocabulary);
        GgufWriter.Write(gguf, metadata, []);
        using GgufFile file = GgufFile.Open(gguf);
        TokenizerFromGguf.Write(file, _folder.Path); // without the original beside it, so the keys alone must do
        ITokenizer back = Tokenizers.Open(_folder["tokenizer.json"]);
        Assert.Null(TokenizerProbe.FirstDifference(original, back));
        Assert.Equal(original.Fingerprint, back.Fingerprint);
    }

    [Theory]
    [InlineData("ggml-vocab-gpt-2.gguf")]
    [InlineData("ggml-vocab-llama-spm.gguf")]
    public void Vocabularies_of_other_writers_become_tokenizer_files(string name)
    {
        if (TestPaths.InShared("tokenizers", "gguf", name) is not { } path) return;
        using GgufFile file = GgufFile.Open(path);
        TokenizerFromGguf.Write(file, _folder.Path);
        ITokenizer original = Tokenizers.Open(path), back = Tokenizers.Open(_folder["tokenizer.json"]);
        Assert.Equal(original.Fingerprint, back.Fingerprint);
    }

    [Theory]
    [InlineData("\"ignore_merges\": false", "\"ignore_merges\": true", "no name for this way")]
    [InlineData("\"normalizer\": null", "\"normalizer\": {\"type\":\"Lowercase\"}", "Lowercase")]
    [InlineData("\"lstrip\": false", "\"lstrip\": true", "lstrip")]
    [InlineData("\"add_prefix_space\": false", "\"add_prefix_space\": true", "no name for this way")]
    public void Tokenizers_that_GGUF_cannot_express_are_refused_by_name(string from, string to, string complaint)
    {
        string json = File.ReadAllText(Path.Combine(TestPaths.Models, "tales-1m", "tokenizer.json"));
        Assert.Contains(from, json, StringComparison.Ordinal);
        int at = json.IndexOf(from, StringComparison.Ordinal);
        string path = _folder.Write("tokenizer.json", string.Concat(json.AsSpan(0, at), to, json.AsSpan(at + from.Length)));
        ModelFormatException e = Assert.Throws<ModelFormatException>(() => TokenizerToGguf.Convert(path, TinyConfig with { VocabSize = 4096 }));
        Assert.Contains(complaint, e.Message, StringComparison.Ordinal);
        Assert.Contains("tokenizer.json", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_tokenizer_larger_than_the_embedding_is_refused() =>
        Assert.Throws<ModelFormatException>(() => TokenizerToGguf.Convert(Path.Combine(TestPaths.Models, "tales-1m", "tokenizer.json"), TinyConfig with { VocabSize = 4095 }));

    private static ModelConfig TinyConfig => new()
    {
        VocabSize = 1, HiddenSize = 2, IntermediateSize = 2, LayerCount = 1, HeadCount = 1, KvHeadCount = 1, HeadDim = 2, MaxPositionEmbeddings = 8,
    };

    private static void AssertSameBits(string one, string other)
    {
        using ModelFiles a = ModelFiles.Open(one), b = ModelFiles.Open(other);
        AssertSame(a.Config, b.Config);
        Assert.Equal(a.InFileOrder.ToHashSet(), b.InFileOrder.ToHashSet());
        foreach (WeightId id in a.InFileOrder)
        {
            Assert.Equal((a.Entry(id).DType, a.Entry(id).ShapeText), (b.Entry(id).DType, b.Entry(id).ShapeText));
            using TensorData x = a.Open(id), y = b.Open(id);
            byte[] left = new byte[x.RowBytes], right = new byte[y.RowBytes];
            for (int r = 0; r < x.Rows; r++)
            {
                x.ReadRow(r, left);
                y.ReadRow(r, right);
                Assert.True(left.AsSpan().SequenceEqual(right), $"{id} row {r}");
            }
        }
    }

    private static void AssertSame(ModelConfig want, ModelConfig got)
    {
        Assert.Equal(want.EosTokenIds, got.EosTokenIds);
        Assert.Equal(want with { EosTokenIds = [] }, got with { EosTokenIds = [] });
    }

    private static float[] Floats(TensorData data)
    {
        using TensorData owned = data;
        float[] all = new float[data.Rows * data.Cols];
        byte[] row = new byte[data.RowBytes];
        for (int r = 0; r < data.Rows; r++)
        {
            data.ReadRow(r, row);
            BlockFormats.Dequantize(data.DType, row, all.AsSpan(r * data.Cols, data.Cols));
        }
        return all;
    }
}
