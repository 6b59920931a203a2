using Switchyard.Backends.Cpu;
using Switchyard.Model;
using Switchyard.Model.Files;
using Switchyard.Tensor;
using Xunit;

namespace Switchyard.Tests.Files;

[Collection(PropertyRuns.OneAtATime.Name)]
public sealed class ModelFolderTests : IDisposable
{
    private static readonly ModelConfig Config = new()
    {
        VocabSize = 40, HiddenSize = 32, IntermediateSize = 64, LayerCount = 2, HeadCount = 4, KvHeadCount = 2, HeadDim = 8, MaxPositionEmbeddings = 64, EosTokenIds = [1],
    };

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_folder_opens_by_any_of_its_names()
    {
        Write(_ => true);
        foreach (string path in new[] { _folder.Path, _folder["model.safetensors"], _folder["config.json"] })
        {
            using ModelFiles files = ModelFiles.Open(path);
            Assert.Equal((_folder.Path, ModelFileFormat.HuggingFace), (files.Path, files.Format));
            Assert.Null(files.TokenizerPath);
            Assert.Null(files.ChatTemplate);
        }
        Assert.Throws<FileNotFoundException>(() => ModelFiles.Open(_folder["absent"]));
        File.Delete(_folder["model.safetensors"]);
        _folder.Write("pytorch_model.bin", "x");
        Assert.Contains("convert them to safetensors", Assert.Throws<FileNotFoundException>(() => ModelFiles.Open(_folder.Path)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Templates_are_found_where_folders_keep_them()
    {
        Write(_ => true);
        _folder.Write("tokenizer_config.json", """{"chat_template":"one"}""");
        Assert.Equal("one", Template());
        _folder.Write("tokenizer_config.json", """{"chat_template":[{"name":"tool_use","template":"two"},{"name":"default","template":"three"}]}""");
        Assert.Equal("three", Template());
        _folder.Write("chat_template.jinja", "four");
        Assert.Equal("four", Template());

        string? Template()
        {
            using ModelFiles files = ModelFiles.Open(_folder.Path);
            return files.ChatTemplate;
        }
    }

    [Theory]
    [InlineData("model.layers.1.mlp.down_proj.weight")]
    [InlineData("model.embed_tokens.weight")]
    [InlineData("lm_head.weight")]
    public void A_missing_tensor_is_named(string name)
    {
        Write(t => t.Name != name);
        Assert.Equal(name, Assert.Throws<ModelFormatException>(() => ModelFiles.Open(_folder.Path)).Field);
    }

    [Theory]
    [InlineData("model.layers.2.mlp.down_proj.weight")]
    [InlineData("model.layers.00.mlp.down_proj.weight")]
    [InlineData("model.layers.0.self_attn.q_proj.bias")]
    [InlineData("model.layers.0.mlp.experts.0.w1.weight")]
    [InlineData("score.weight")]
    public void A_tensor_without_a_use_is_named(string name)
    {
        Write(_ => true, TensorSource.FromFloats(name, [2], [1, 2]));
        Assert.Equal(name, Assert.Throws<ModelFormatException>(() => ModelFiles.Open(_folder.Path)).Field);
    }

    [Fact]
    public void Tensors_that_say_nothing_new_are_passed_over()
    {
        Write(_ => true, TensorSource.FromFloats("model.layers.0.self_attn.rotary_emb.inv_freq", [4], [1, 2, 3, 4]));
        using ModelFiles files = ModelFiles.Open(_folder.Path);
        Assert.DoesNotContain(files.InFileOrder, id => files.Entry(id).Name.Contains("inv_freq", StringComparison.Ordinal));
    }

    [Fact]
    public void A_misshapen_tensor_is_named_with_both_shapes()
    {
        Write(t => t.Name != "model.layers.0.self_attn.k_proj.weight", TensorSource.FromFloats("model.layers.0.self_attn.k_proj.weight", [32, 16], new float[512]));
        string message = Assert.Throws<ModelFormatException>(() => ModelFiles.Open(_folder.Path)).Message;
        Assert.Contains("[32, 16]", message, StringComparison.Ordinal);
        Assert.Contains("[16, 32]", message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("model.layers.1.self_attn.v_proj.weight", null)]
    [InlineData("model.embed_tokens.weight", DType.Q8_0)]
    [InlineData("model.layers.0.input_layernorm.weight", null)]
    [InlineData("lm_head.weight", DType.Q4_0)]
    public void Numbers_that_are_not_finite_are_named_while_loading_and_nothing_is_kept(string name, DType? quantize)
    {
        if (quantize is null) RandomFolder.Write(_folder.Path, Config, 4); // every plain type
        else Write(_ => true);
        byte[] bytes = File.ReadAllBytes(_folder["model.safetensors"]);
        using (SafetensorsFile file = SafetensorsFile.Open(_folder["model.safetensors"]))
        {
            WeightEntry entry = file.Entries[name];
            byte[] infinity = entry.DType switch { DType.F32 => [0, 0, 0x80, 0x7F], DType.F16 => [0, 0x7C], _ => [0x80, 0x7F] };
            infinity.CopyTo(bytes, entry.Offset + entry.ByteCount - infinity.Length);
        }
        _folder.Write("model.safetensors", bytes);
        using var backend = new CpuBackend(new CpuOptions { Threads = 2 });
        long held = backend.Counters.BytesHeld;
        ModelFormatException e = Assert.Throws<ModelFormatException>(() => ModelLoader.Load(_folder.Path, backend, new LoadOptions { Quantize = quantize }));
        Assert.Equal(name, e.Field);
        Assert.Equal(held, backend.Counters.BytesHeld);
    }

    [Fact]
    public void Numbers_too_large_for_a_block_format_are_refused()
    {
        Write(t => t.Name != "lm_head.weight", TensorSource.FromFloats("lm_head.weight", [40, 32], [.. Enumerable.Repeat(1e30f, 1280)]));
        using var backend = new CpuBackend(new CpuOptions { Threads = 1 });
        Assert.Contains("lm_head.weight", Assert.Throws<NotSupportedException>(() => ModelLoader.Load(_folder.Path, backend, new LoadOptions { Quantize = DType.Q8_0 })).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Loading_tells_how_far_it_is_and_can_be_cancelled()
    {
        Write(_ => true);
        using var backend = new CpuBackend(new CpuOptions { Threads = 1 });
        using ModelFiles files = ModelFiles.Open(_folder.Path);
        var seen = new List<LoadProgress>();
        using (ModelLoader.Load(files, backend, new LoadOptions { Progress = new Recorder(seen.Add) })) Assert.Equal(files.InFileOrder.Count, seen.Count);
        Assert.Equal(files.ByteCount, seen[^1].BytesDone);
        Assert.All(seen, p => Assert.Equal(files.ByteCount, p.BytesTotal));
        using var cancel = new CancellationTokenSource();
        long held = backend.Counters.BytesHeld;
        Assert.Throws<OperationCanceledException>(() => ModelLoader.Load(files, backend, new LoadOptions { Progress = new Recorder(_ => cancel.Cancel()) }, cancel.Token));
        Assert.Equal(held, backend.Counters.BytesHeld);
    }

    [Fact]
    public void No_more_than_one_tensor_is_mapped_at_a_time_and_none_afterwards()
    {
        if (!OperatingSystem.IsLinux()) return;
        string path = Path.Combine(TestPaths.Models, "tales-1m", "model.safetensors");
        using var backend = new CpuBackend(new CpuOptions { Threads = 2 });
        using ModelFiles files = ModelFiles.Open(path);
        long page = Environment.SystemPageSize, largest = files.InFileOrder.Max(id => files.Entry(id).ByteCount), most = 0;
        using (files.Open(files.InFileOrder[0])) Assert.InRange(MappedBytes(path), 1, largest + 2 * page); // the instrument sees a mapping
        using TransformerModel model = ModelLoader.Load(files, backend, new LoadOptions { Progress = new Recorder(_ => most = Math.Max(most, MappedBytes(path))) });
        Assert.Equal(0, most);
    }

    [Fact]
    public void Only_plain_weights_are_quantised_and_only_to_what_is_offered()
    {
        Write(_ => true);
        using var backend = new CpuBackend(new CpuOptions { Threads = 1 });
        Assert.Throws<NotSupportedException>(() => ModelLoader.Load(_folder.Path, backend, new LoadOptions { Quantize = DType.Q4_K }));
        Assert.Throws<NotSupportedException>(() => ModelLoader.Load(_folder.Path, backend, new LoadOptions { Quantize = DType.Q8_0, Widen = true }));
        var entry = new WeightEntry("w", DType.Q4_K, [1, 256], "f", 0, 144);
        Assert.Throws<NotSupportedException>(() => new LoadOptions { Quantize = DType.Q8_0 }.FormatOf(new WeightId(WeightRole.Up), entry));
        Assert.Equal(DType.F16, new LoadOptions { Quantize = DType.Q8_0 }.FormatOf(new WeightId(WeightRole.Up), entry with { DType = DType.F16, Shape = [4, 40] })); // 40 is no whole number of blocks
    }

    private void Write(Func<TensorSource, bool> keep, params TensorSource[] more)
    {
        ConfigFile.Write(_folder["config.json"], Config);
        var tensors = new List<TensorSource>();
        foreach (WeightId id in WeightId.All(Config))
        {
            (int rows, int cols) = id.Shape(Config);
            tensors.Add(TensorSource.FromFloats(WeightNames.HuggingFace.NameOf(id), id.IsVector ? [cols] : [rows, cols], new float[rows * cols]));
        }
        SafetensorsWriter.Write(_folder["model.safetensors"], [.. tensors.Where(keep), .. more]);
    }

    private static long MappedBytes(string path)
    {
        long sum = 0;
        foreach (string line in File.ReadLines("/proc/self/maps"))
        {
            if (!line.EndsWith(path, StringComparison.Ordinal)) continue;
            string[] range = line.Split(' ')[0].Split('-');
            sum += Convert.ToInt64(range[1], 16) - Convert.ToInt64(range[0], 16);
        }
        return sum;
    }

    private sealed class Recorder(Action<LoadProgress> action) : IProgress<LoadProgress>
    {
        public void Report(LoadProgress value) => action(value);
    }
}
