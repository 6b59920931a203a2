using System.Buffers.Binary;
using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Switchyard.Model.Files;
using Switchyard.Tensor;
using Xunit;

namespace Switchyard.Tests.Files;

public sealed class SafetensorsTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void What_is_written_is_read_back_bit_by_bit()
    {
        var random = new Random(1);
        byte[] half = new byte[2 * 3 * 5];
        random.NextBytes(half);
        float[] single = [1, float.NaN, -0f, 3e38f, 1e-45f, 6];
        string path = _folder["a.safetensors"];
        SafetensorsWriter.Write(path, [
            new TensorSource("b.half", DType.F16, [3, 5], () => new ArrayTensorData(DType.F16, 3, 5, half)),
            TensorSource.FromFloats("a.single", [2, 3], single),
            TensorSource.FromFloats("norm", [6], single),
            new TensorSource("empty", DType.BF16, [0, 4], () => throw new InvalidOperationException("Nothing to read.")),
        ], new Dictionary<string, string> { ["format"] = "pt" });

        using SafetensorsFile file = SafetensorsFile.Open(path);
        Assert.Equal("pt", file.Metadata["format"]);
        Assert.Equal(["a.single", "b.half", "empty", "norm"], file.Entries.Keys.Order());
        Assert.Equal("[3, 5]", file.Entries["b.half"].ShapeText);
        Assert.Equal(half, Bytes(file, "b.half"));
        Assert.Equal(System.Runtime.InteropServices.MemoryMarshal.AsBytes(single.AsSpan()).ToArray(), Bytes(file, "a.single"));
        Assert.Equal(0, file.Entries["a.single"].Offset % 8);
        ModelFormatException e = Assert.Throws<ModelFormatException>(() => file.Open(file.Entries["empty"]));
        Assert.Equal("empty", e.Field);
    }

    [Fact]
    public void A_tensor_stays_readable_after_its_file_is_closed_and_not_after_itself()
    {
        string path = _folder["a.safetensors"];
        SafetensorsWriter.Write(path, [TensorSource.FromFloats("x", [2, 2], [1, 2, 3, 4])]);
        TensorData data;
        using (SafetensorsFile file = SafetensorsFile.Open(path)) data = file.Open(file.Entries["x"]);
        byte[] row = new byte[8];
        data.ReadRow(1, row);
        Assert.Equal(3f, BitConverter.ToSingle(row));
        Assert.Throws<ArgumentOutOfRangeException>(() => data.ReadRow(2, row));
        Assert.Throws<ArgumentOutOfRangeException>(() => data.ReadRow(-1, row));
        data.Dispose();
        Assert.Throws<ObjectDisposedException>(() => data.ReadRow(0, row));
    }

    [Fact]
    public void An_interrupted_write_leaves_nothing()
    {
        string path = _folder["a.safetensors"];
        Assert.Throws<InvalidOperationException>(() => SafetensorsWriter.Write(path, [new TensorSource("x", DType.F32, [1, 1], () => throw new InvalidOperationException())]));
        Assert.Empty(Directory.GetFiles(_folder.Path));
    }

    [Theory]
    [InlineData("""{"x":{"dtype":"F32","shape":[2,2],"data_offsets":[0,16]}}""", null)]
    [InlineData("""{"x":{"dtype":"F32","shape":[],"data_offsets":[0,4]},"y":{"dtype":"F16","shape":[6],"data_offsets":[4,16]}}""", null)]
    [InlineData("""{"x":{"dtype":"F32","shape":[4],"data_offsets":[0,16]},"__metadata__":{"a":"b"}}   """, null)]
    [InlineData("""{"x":{"dtype":"F32","shape":[3],"data_offsets":[0,12]}}""", "goes on")]
    [InlineData("""{"x":{"dtype":"F32","shape":[3],"data_offsets":[4,16]}}""", "hole")]
    [InlineData("""{"x":{"dtype":"F32","shape":[4],"data_offsets":[0,16]},"y":{"dtype":"F32","shape":[1],"data_offsets":[8,12]}}""", "overlaps")]
    [InlineData("""{"x":{"dtype":"F16","shape":[1],"data_offsets":[0,2]},"y":{"dtype":"F32","shape":[3],"data_offsets":[2,14]},"z":{"dtype":"F16","shape":[1],"data_offsets":[14,16]}}""", "misaligned")]
    [InlineData("""{"x":{"dtype":"F32","shape":[5],"data_offsets":[0,20]}}""", "does not lie")]
    [InlineData("""{"x":{"dtype":"F32","shape":[4],"data_offsets":[16,0]}}""", "does not lie")]
    [InlineData("""{"x":{"dtype":"F32","shape":[4],"data_offsets":[0,9223372036854775807]}}""", "does not lie")]
    [InlineData("""{"x":{"dtype":"F32","shape":[4],"data_offsets":[0,18446744073709551615]}}""", "63-bit")]
    [InlineData("""{"x":{"dtype":"F32","shape":[4],"data_offsets":[-16,0]}}""", "63-bit")]
    [InlineData("""{"x":{"dtype":"F32","shape":[4.5],"data_offsets":[0,16]}}""", "63-bit")]
    [InlineData("""{"x":{"dtype":"F32","shape":[5],"data_offsets":[0,16]}}""", "do not agree")]
    [InlineData("""{"x":{"dtype":"F32","shape":[2147483647,2147483647,2147483647,2147483647],"data_offsets":[0,16]}}""", "absurd")]
    [InlineData("""{"x":{"dtype":"F32","shape":[2147483648],"data_offsets":[0,16]}}""", "absurd")]
    [InlineData("""{"x":{"dtype":"F32","shape":[1,1,1,1,1,1,1,1,4],"data_offsets":[0,16]}}""", "too long")]
    [InlineData("""{"x":{"dtype":"I32","shape":[4],"data_offsets":[0,16]}}""", "I32. Supported: F32, F16, BF16")]
    [InlineData("""{"x":{"dtype":"F32","shape":[4]}}""", "in full")]
    [InlineData("""{"x":{"dtype":"F32","shape":[4],"data_offsets":[0]}}""", "in full")]
    [InlineData("""{"x":{"dtype":"F32","dtype":"F32","shape":[4],"data_offsets":[0,16]}}""", "twice")]
    [InlineData("""{"x":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"x":{"dtype":"F32","shape":[2],"data_offsets":[8,16]}}""", "twice")]
    [InlineData("""{"x":{"dtype":"F32","shape":[4],"data_offsets":[0,16],"strides":[1]}}""", "unknown field")]
    [InlineData("""{"__metadata__":{"a":1},"x":{"dtype":"F32","shape":[4],"data_offsets":[0,16]}}""", "another kind")]
    [InlineData("""{"x":{"dtype":"F32","shape":[[[[[[[4]]]]]]],"data_offsets":[0,16]}}""", "")]
    [InlineData("""{"x":"\ud800"}""", "")]
    [InlineData("""{"\ud800":{}}""", "")]
    [InlineData("""{"x":{"dtype":"F32","shape":[4],"data_offsets":[0,16]}} {}""", "")]
    [InlineData("""[]""", "another kind")]
    [InlineData("""{"x":""", "")]
    [InlineData("", "")]
    public void Headers_are_read_strictly(string header, string? complaint)
    {
        string path = Write(header, 16);
        if (complaint is null)
        {
            using SafetensorsFile file = SafetensorsFile.Open(path);
            Hostile.ReadAll(file);
            return;
        }
        ModelFormatException e = Assert.Throws<ModelFormatException>(() => SafetensorsFile.Open(path));
        Assert.Contains(complaint, e.Message, StringComparison.Ordinal);
        Assert.Contains("hostile.safetensors", e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(7)]
    [InlineData(8)]
    public void Files_too_short_for_a_header_are_refused(int length) =>
        Assert.Throws<ModelFormatException>(() => SafetensorsFile.Open(_folder.Write("short.safetensors", Enumerable.Repeat((byte)255, length).ToArray())));

    [Fact]
    public void A_header_of_nested_brackets_does_not_run_deep() =>
        Assert.Throws<ModelFormatException>(() => SafetensorsFile.Open(Write("{\"x\":" + new string('[', 200_000), 0)));

    [Fact]
    public void Damaged_files_are_refused_or_read_within_bounds()
    {
        string good = _folder["good.safetensors"];
        SafetensorsWriter.Write(good, [
            TensorSource.FromFloats("model.embed_tokens.weight", [4, 8], new float[32]),
            TensorSource.FromFloats("model.norm.weight", [8], new float[8]),
            new TensorSource("lm_head.weight", DType.BF16, [4, 8], () => new ArrayTensorData(DType.BF16, 4, 8, new byte[64])),
        ]);
        byte[] bytes = File.ReadAllBytes(good);
        int header = 8 + (int)BinaryPrimitives.ReadInt64LittleEndian(bytes);
        Hostile.ForAllDamages(400, damages =>
        {
            string path = _folder.Write("damaged.safetensors", Hostile.Apply(bytes, damages, header));
            return Hostile.BehavesOn(path, Use);
        });
        for (int cut = 0; cut < bytes.Length; cut += 7) // every prefix is refused: the ranges no longer fit
            Assert.Throws<ModelFormatException>(() => Use(_folder.Write("cut.safetensors", bytes.AsSpan(0, cut))));
    }

    [Fact]
    public void Headers_made_of_hostile_numbers_are_refused_or_read_within_bounds()
    {
        Gen<string> number = Gen.Elements("0", "1", "2", "4", "8", "16", "32", "-1", "2147483647", "2147483648", "4611686018427387904", "9223372036854775807", "18446744073709551615", "1e3", "0.5", "\"4\"", "null", "[]");
        Gen<string> list = number.ListOf().Resize(4).Select(l => "[" + string.Join(",", l) + "]");
        Gen<string> dtype = Gen.Elements("F32", "F16", "BF16", "F64", "I8", "BOOL", "Q8_0", "");
        Gen<string> tensor =
            from name in Gen.Elements("a", "b", "c", "__metadata__", "")
            from type in dtype
            from shape in list
            from offsets in list
            select $"\"{name}\":{{\"dtype\":\"{type}\",\"shape\":{shape},\"data_offsets\":{offsets}}}";
        Gen<string> header = tensor.ListOf().Resize(4).Select(l => "{" + string.Join(",", l) + "}");
        Check.One(
            Config.QuickThrowOnFailure.WithMaxTest(Hostile.Cases(300)).WithReplay(11, 13),
            Prop.ForAll(header.ToArbitrary(), text => Hostile.BehavesOn(Write(text, 64), Use)));
    }

    [Fact]
    public void Shards_are_joined_and_disagreements_refused()
    {
        SafetensorsWriter.Write(_folder["a.safetensors"], [TensorSource.FromFloats("x", [1, 2], [1, 2])]);
        SafetensorsWriter.Write(_folder["b.safetensors"], [TensorSource.FromFloats("y", [1, 2], [3, 4]), TensorSource.FromFloats("z", [1, 1], [5])]);
        using (SafetensorsFolder good = Index("""{"weight_map":{"x":"a.safetensors","y":"b.safetensors","z":"b.safetensors"}}"""))
        {
            Assert.Equal(["x", "y", "z"], good.Entries.Keys.Order());
            using TensorData y = good.Open(good.Entries["y"]);
            byte[] row = new byte[8];
            y.ReadRow(0, row);
            Assert.Equal(3f, BitConverter.ToSingle(row));
        }
        foreach (string bad in new[]
        {
            """{"weight_map":{"x":"a.safetensors","y":"b.safetensors"}}""", // z is placed nowhere
            """{"weight_map":{"x":"b.safetensors","y":"b.safetensors","z":"b.safetensors"}}""",
            """{"weight_map":{"x":"c.safetensors"}}""",
            """{"weight_map":{"x":"../a.safetensors"}}""",
            """{"weight_map":{"x":"..\\a.safetensors"}}""",
            """{"weight_map":{"x":"."}}""",
            """{"weight_map":{"x":7}}""",
            """{"weight_map":{"x":"a.safetensors","x":"a.safetensors"}}""",
            """{"weight_map":[]}""",
            """[]""",
            "",
        })
            Assert.Throws<ModelFormatException>(() => Index(bad));
    }

    [Fact]
    public void The_sharded_model_opens()
    {
        if (TestPaths.InShared("models", "tiny-qwen3", "model.safetensors.index.json") is not { } index) return;
        using SafetensorsFolder folder = SafetensorsFolder.Open(index);
        Assert.Equal("[4096, 64]", folder.Entries["model.embed_tokens.weight"].ShapeText);
        Hostile.ReadAll(folder);
    }

    private SafetensorsFolder Index(string json) => SafetensorsFolder.Open(_folder.Write("model.safetensors.index.json", json));

    private static void Use(string path)
    {
        using SafetensorsFile file = SafetensorsFile.Open(path);
        Hostile.ReadAll(file);
    }

    private string Write(string header, int dataBytes)
    {
        byte[] json = Encoding.UTF8.GetBytes(header), bytes = new byte[8 + json.Length + dataBytes];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, json.Length);
        json.CopyTo(bytes, 8);
        return _folder.Write("hostile.safetensors", bytes);
    }

    private static byte[] Bytes(SafetensorsFile file, string name)
    {
        using TensorData data = file.Open(file.Entries[name]);
        byte[] all = new byte[data.ByteCount];
        for (int r = 0; r < data.Rows; r++) data.ReadRow(r, all.AsSpan((int)(r * data.RowBytes), (int)data.RowBytes));
        return all;
    }
}
