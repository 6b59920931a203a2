using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;
using Switchyard.Model;
using Switchyard.Model.Files;
using Switchyard.Tensor;
using Xunit;

namespace Switchyard.Tests.Files;

public sealed class GgufTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("tiny-llama3")]
    [InlineData("tiny-qwen2")]
    [InlineData("tiny-qwen3")]
    public void A_model_says_the_same_in_both_formats(string name)
    {
        if (TestPaths.InShared("models", name) is not { } folder) return;
        using ModelFiles plain = ModelFiles.Open(folder), gguf = ModelFiles.Open(Path.Combine(folder, name + ".gguf"));
        Assert.Equal(plain.Config with { RopeScaling = null, EosTokenIds = [] }, gguf.Config with { RopeScaling = null, EosTokenIds = [] });
        Assert.Equal(plain.Config.EosTokenIds, gguf.Config.EosTokenIds);
        (double[] ours, double attention) = RopeFrequencies.Compute(plain.Config, 256);
        (double[] theirs, double attentionToo) = RopeFrequencies.Compute(gguf.Config, 256);
        Assert.Equal(attention, attentionToo);
        for (int i = 0; i < ours.Length; i++) Assert.Equal(1, theirs[i] / ours[i], 1e-6); // divisors are stored as float32
        Assert.Equal(plain.InFileOrder.ToHashSet(), gguf.InFileOrder.ToHashSet());
        foreach (WeightId id in plain.InFileOrder) Assert.Equal(Floats(plain.Open(id)), Floats(gguf.Open(id)));
    }

    [Fact]
    public void Every_format_opens_in_the_right_shape_and_dequantises_near_the_plain_one()
    {
        if (TestPaths.InShared("models", "tiny-gguf") is not { } folder) return;
        using ModelFiles plain = ModelFiles.Open(Path.Combine(folder, "tiny-BF16.gguf"));
        string[] files = Directory.GetFiles(folder, "*.gguf");
        Assert.True(files.Length >= 10);
        foreach (string path in files)
        {
            using ModelFiles file = ModelFiles.Open(path);
            Assert.Equal((256, 2, 4, 2, 64, 512, 4096, true), (file.Config.HiddenSize, file.Config.LayerCount, file.Config.HeadCount, file.Config.KvHeadCount, file.Config.HeadDim, file.Config.IntermediateSize, file.Config.VocabSize, file.Config.TieWordEmbeddings));
            Assert.True(file.InFileOrder.Zip(file.InFileOrder.Skip(1)).All(p => file.Entry(p.First).Offset < file.Entry(p.Second).Offset));
            foreach (WeightId id in plain.InFileOrder)
            {
                float[] a = Floats(plain.Open(id)), b = Floats(file.Open(id));
                double error = 0, size = 0;
                for (int i = 0; i < a.Length; i++) (error, size) = (error + (double)(a[i] - b[i]) * (a[i] - b[i]), size + (double)a[i] * a[i]);
                Assert.True(error <= size * 0.01, $"{Path.GetFileName(path)} {id}: relative error {Math.Sqrt(error / size)}");
            }
        }
    }

    [Fact]
    public void Vocabularies_alone_open_as_files_and_not_as_models()
    {
        if (TestPaths.InShared("tokenizers", "gguf") is not { } folder) return;
        using GgufFile spm = GgufFile.Open(Path.Combine(folder, "ggml-vocab-llama-spm.gguf"));
        Assert.Equal(32000, spm.Metadata.Texts("tokenizer.ggml.tokens")!.Length);
        Assert.Equal(32000, spm.Metadata.Floats("tokenizer.ggml.scores")!.Length);
        Assert.Equal(6, spm.Metadata.Ints("tokenizer.ggml.token_type")![3]);
        Assert.Throws<ModelFormatException>(spm.ToModelConfig);
        Assert.Contains("gpt2", Assert.Throws<ModelFormatException>(() => ModelFiles.Open(Path.Combine(folder, "ggml-vocab-gpt-2.gguf"))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Metadata_and_tensors_that_are_written_are_read_back()
    {
        string path = Small();
        using GgufFile file = GgufFile.Open(path);
        Assert.Equal(3u, file.Version);
        Assert.Equal("llama", file.Metadata.Text("general.architecture"));
        Assert.Equal(7, file.Metadata.Int("a.count"));
        Assert.Equal(0.5, file.Metadata.Number("a.number"));
        Assert.True(file.Metadata.Bool("a.flag"));
        Assert.Equal(["x", "", "é€"], file.Metadata.Texts("a.texts")!);
        Assert.Equal([1, -2], file.Metadata.Ints("a.ints")!);
        Assert.Equal([1.5f], file.Metadata.Floats("a.floats")!);
        Assert.Null(file.Metadata.Int("absent"));
        Assert.Throws<ModelFormatException>(() => file.Metadata.Int("a.flag"));
        Assert.Throws<ModelFormatException>(() => file.Metadata.Texts("a.ints"));
        Assert.All(file.Entries.Values, e => Assert.Equal(0, e.Offset % 32));
        using TensorData data = file.Open(file.Entries["blk.0.attn_q.weight"]);
        Assert.Equal((DType.Q8_0, 4, 32), (data.DType, data.Rows, data.Cols));
    }

    [Fact]
    public void Damaged_files_are_refused_or_read_within_bounds()
    {
        byte[] bytes = File.ReadAllBytes(Small());
        int header = bytes.Length - 4 * 34 - 64;
        Hostile.ForAllDamages(500, damages => Hostile.BehavesOn(_folder.Write("damaged.gguf", Hostile.Apply(bytes, damages, header)), Use));
        for (int cut = 0; cut < bytes.Length; cut += 3)
            Assert.Throws<ModelFormatException>(() => Use(_folder.Write("cut.gguf", bytes.AsSpan(0, cut))));
    }

    [Fact]
    public void Damaged_models_are_refused_or_read_within_bounds()
    {
        if (TestPaths.InShared("models", "tiny-qwen2", "tiny-qwen2.gguf") is not { } good) return;
        byte[] bytes = File.ReadAllBytes(good);
        Hostile.ForAllDamages(25, damages => Hostile.BehavesOn(_folder.Write("damaged.gguf", Hostile.Apply(bytes, damages, 1200)), path =>
        {
            using ModelFiles files = ModelFiles.Open(path);
            foreach (WeightId id in files.InFileOrder) Floats(files.Open(id));
        }));
    }

    [Theory]
    [InlineData(0, 0x47475547u, "no GGUF file")]
    [InlineData(4, 1u, "version")]
    [InlineData(4, 0x03000000u, "big-endian")]
    [InlineData(8, 0xFFFFFFFFu, "cannot be that many")]
    [InlineData(16, 0xFFFFFFFFu, "cannot be that many")]
    [InlineData(24, 0xFFFFFFFFu, "too long")]
    public void Hostile_numbers_in_the_first_fields_are_refused(int at, uint value, string complaint)
    {
        byte[] bytes = File.ReadAllBytes(Small());
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(at), value);
        Assert.Contains(complaint, Assert.Throws<ModelFormatException>(() => Use(_folder.Write("bad.gguf", bytes))).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("nested arrays", "too deep")]
    [InlineData("empty arrays in arrays", null)]
    [InlineData("huge array", "cannot be that many")]
    [InlineData("unknown kind", "kind of value")]
    [InlineData("bool 2", "truth value")]
    [InlineData("key twice", "twice")]
    [InlineData("bad utf-8", "UTF-8")]
    [InlineData("alignment 0", "alignment")]
    [InlineData("alignment 7", "alignment")]
    [InlineData("alignment huge", "alignment")]
    [InlineData("dimension 0", "dimension")]
    [InlineData("dimension huge", "dimension")]
    [InlineData("five dimensions", "dimensions")]
    [InlineData("product overflows", "absurd")]
    [InlineData("offset overflows", "does not lie")]
    [InlineData("offset misaligned", "misaligned")]
    [InlineData("overlap", "overlaps")]
    [InlineData("tensor twice", "twice")]
    [InlineData("format Q2_K", "Q2_K. Supported: F32, F16, BF16, Q8_0")]
    [InlineData("half a block", "whole number of blocks")]
    [InlineData("split", "gguf-split")]
    public void Hostile_structures_are_refused(string what, string? complaint)
    {
        string path = _folder.Write("hostile.gguf", HostileGguf.Build(what));
        if (complaint is null) Use(path);
        else Assert.Contains(complaint, Assert.Throws<ModelFormatException>(() => Use(path)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("general.architecture", "gemma", "llama, qwen2, qwen3")]
    [InlineData("llama.block_count", null, "missing")]
    [InlineData("llama.block_count", 0u, "block_count")]
    [InlineData("llama.block_count", 9u, "blk.1")]
    [InlineData("llama.embedding_length", 31u, "divide")]
    [InlineData("llama.attention.head_count", 0u, "head")]
    [InlineData("llama.attention.head_count_kv", 3u, "head_count_kv")]
    [InlineData("llama.attention.layer_norm_rms_epsilon", -1f, "epsilon")]
    [InlineData("llama.rope.freq_base", 0f, "freq_base")]
    [InlineData("llama.rope.dimension_count", 2u, "size of a head")]
    [InlineData("llama.rope.scaling.type", "longrope", "none, linear, yarn")]
    [InlineData("llama.expert_count", 8u, "expert_count")]
    [InlineData("llama.feed_forward_length", 64u, "shape")]
    [InlineData("tokenizer.ggml.eos_token_id", 99u, "eos_token_id")]
    public void Models_that_are_not_supported_are_refused_by_name(string key, object? value, string complaint)
    {
        string path = _folder["model.gguf"];
        GgufMetadata good = TinyGguf.Metadata(), changed = new("model.gguf");
        foreach (string name in good.Keys)
            if (name != key) changed.Add(name, good[name]!);
        if (value is not null) changed.Add(key, value switch { uint n => GgufValue.Of(n), float f => GgufValue.Of(f), _ => GgufValue.Of((string)value) });
        GgufWriter.Write(path, changed, TinyGguf.Tensors());
        Assert.Contains(complaint, Assert.Throws<ModelFormatException>(() => ModelFiles.Open(path)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(new[] { 4 }, null)]
    [InlineData(new[] { 4, 4 }, "as long as the model has layers")]
    [InlineData(new int[0], "as long as the model has layers")]
    public void Lists_of_counts_have_one_for_every_layer(int[] heads, string? complaint)
    {
        string path = _folder["model.gguf"];
        GgufMetadata good = TinyGguf.Metadata(), changed = new("model.gguf");
        foreach (string name in good.Keys) changed.Add(name, name == "llama.attention.head_count" ? GgufValue.Of(heads) : good[name]!);
        GgufWriter.Write(path, changed, TinyGguf.Tensors());
        if (complaint is not null) Assert.Contains(complaint, Assert.Throws<ModelFormatException>(() => ModelFiles.Open(path)).Message, StringComparison.Ordinal);
        else using (ModelFiles files = ModelFiles.Open(path)) Assert.Equal(4, files.Config.HeadCount);
    }

    [Fact]
    public void Missing_and_unexpected_tensors_are_reported_by_name()
    {
        string path = _folder["model.gguf"];
        GgufWriter.Write(path, TinyGguf.Metadata(), TinyGguf.Tensors());
        using (ModelFiles good = ModelFiles.Open(path)) Assert.True(good.Config.TieWordEmbeddings);
        GgufWriter.Write(path, TinyGguf.Metadata(), TinyGguf.Tensors().Where(t => t.Name != "blk.0.ffn_up.weight"));
        ModelFormatException missing = Assert.Throws<ModelFormatException>(() => ModelFiles.Open(path));
        Assert.Equal("blk.0.ffn_up.weight", missing.Field);
        GgufWriter.Write(path, TinyGguf.Metadata(), [.. TinyGguf.Tensors(), TensorSource.FromFloats("blk.0.attn_sinks.weight", [4], [1, 2, 3, 4])]);
        Assert.Equal("blk.0.attn_sinks.weight", Assert.Throws<ModelFormatException>(() => ModelFiles.Open(path)).Field);
    }

    [Fact]
    public void Numbers_that_are_not_finite_are_found_while_reading()
    {
        foreach (DType dtype in Enum.GetValues<DType>())
        {
            string path = _folder[$"{dtype}.gguf"];
            int cols = dtype.BlockElements() * 3;
            byte[] row = new byte[dtype.RowBytes(cols)];
            int at = dtype switch { DType.F32 => 4, DType.F16 or DType.BF16 => 2, DType.Q6_K => 210 + 208, _ => dtype.BlockBytes() }; // in the second block or element
            byte[] infinity = dtype switch { DType.F32 => [0, 0, 0x80, 0xFF], DType.BF16 => [0x80, 0x7F], _ => [0, 0x7C] };
            Assert.True(FiniteRows.IsFinite(dtype, row));
            infinity.CopyTo(row, at);
            Assert.False(FiniteRows.IsFinite(dtype, row));
            if (!dtype.HasMinimum()) continue;
            infinity.CopyTo(row, at + 2);
            row.AsSpan(at, 2).Clear();
            Assert.False(FiniteRows.IsFinite(dtype, row));
        }
        string model = _folder["nan.gguf"];
        GgufWriter.Write(model, TinyGguf.Metadata(), TinyGguf.Tensors(notANumber: "blk.0.attn_k.weight"));
        using ModelFiles files = ModelFiles.Open(model);
        using TensorData key = files.Open(new WeightId(WeightRole.Key));
        Assert.Equal("blk.0.attn_k.weight", Assert.Throws<ModelFormatException>(() => Floats(key)).Field);
    }

    private string Small()
    {
        string path = _folder["small.gguf"];
        var metadata = new GgufMetadata(path);
        metadata.Add("general.architecture", GgufValue.Of("llama"));
        metadata.Add("a.count", GgufValue.Of(7u));
        metadata.Add("a.number", GgufValue.Of(0.5f));
        metadata.Add("a.flag", GgufValue.Of(true));
        metadata.Add("a.texts", GgufValue.Of(["x", "", "é€"]));
        metadata.Add("a.ints", GgufValue.Of([1, -2]));
        metadata.Add("a.floats", GgufValue.Of([1.5f]));
        GgufWriter.Write(path, metadata, [
            new TensorSource("blk.0.attn_q.weight", DType.Q8_0, [4, 32], () => new ArrayTensorData(DType.Q8_0, 4, 32, new byte[4 * 34])),
            TensorSource.FromFloats("output_norm.weight", [8], new float[8]),
        ]);
        return path;
    }

    private static void Use(string path)
    {
        using GgufFile file = GgufFile.Open(path);
        Hostile.ReadAll(file);
        foreach (string key in file.Metadata.Keys)
            if (file.Metadata[key] is { ElementType: not GgufType.Array } value) _ = value.Value;
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
