using System.Text;

namespace Switchyard.Tests.Files;

/// <summary>Small GGUF files with one thing wrong, byte by byte.</summary>
internal static class HostileGguf
{
    public static byte[] Build(string what)
    {
        using var stream = new MemoryStream();
        using var writer = new BinaryWriter(stream);
        var pairs = new List<Action>();
        var tensors = new List<Action>();
        void Text(string text)
        {
            byte[] bytes = Encoding.UTF8.GetBytes(text);
            writer.Write((ulong)bytes.Length);
            writer.Write(bytes);
        }
        void Pair(string key, uint type, Action value) => pairs.Add(() =>
        {
            Text(key);
            writer.Write(type);
            value();
        });
        void Tensor(string name, ulong[] dimensions, uint type = 0, ulong offset = 0) => tensors.Add(() =>
        {
            Text(name);
            writer.Write((uint)dimensions.Length);
            foreach (ulong d in dimensions) writer.Write(d);
            writer.Write(type);
            writer.Write(offset);
        });

        switch (what)
        {
            case "nested arrays":
                Pair("k", 9, () =>
                {
                    for (int i = 0; i < 50; i++)
                    {
                        writer.Write(9u);
                        writer.Write(1UL);
                    }
                });
                break;
            case "empty arrays in arrays":
                Pair("k", 9, () =>
                {
                    writer.Write(9u);
                    writer.Write(100UL);
                    for (int i = 0; i < 100; i++)
                    {
                        writer.Write(4u);
                        writer.Write(0UL);
                    }
                });
                break;
            case "huge array":
                Pair("k", 9, () =>
                {
                    writer.Write(10u);
                    writer.Write(0x2000000000000001UL);
                });
                break;
            case "unknown kind": Pair("k", 13, () => { }); break;
            case "bool 2": Pair("k", 7, () => writer.Write((byte)2)); break;
            case "key twice":
                Pair("k", 4, () => writer.Write(1u));
                Pair("k", 4, () => writer.Write(2u));
                break;
            case "bad utf-8":
                Pair("k", 8, () =>
                {
                    writer.Write(2UL);
                    writer.Write((ushort)0xFFC0);
                });
                break;
            case "alignment 0": Pair("general.alignment", 4, () => writer.Write(0u)); break;
            case "alignment 7": Pair("general.alignment", 4, () => writer.Write(7u)); break;
            case "alignment huge": Pair("general.alignment", 10, () => writer.Write(ulong.MaxValue / 2)); break;
            case "dimension 0": Tensor("t", [0]); break;
            case "dimension huge": Tensor("t", [1UL << 40]); break;
            case "five dimensions": Tensor("t", [1, 1, 1, 1, 1]); break;
            case "product overflows": Tensor("t", [1UL << 30, 1UL << 30, 1UL << 30, 1UL << 30]); break;
            case "offset overflows": Tensor("t", [4], offset: ulong.MaxValue - 31); break;
            case "offset misaligned": Tensor("t", [4], offset: 8); break;
            case "overlap":
                Tensor("t", [16], offset: 0);
                Tensor("u", [16], offset: 32);
                break;
            case "tensor twice":
                Tensor("t", [4], offset: 0);
                Tensor("t", [4], offset: 32);
                break;
            case "format Q2_K": Tensor("t", [256], type: 10); break;
            case "half a block": Tensor("t", [48], type: 8); break;
            case "split": Pair("split.count", 2, () => writer.Write((ushort)3)); break;
            default: throw new ArgumentOutOfRangeException(nameof(what), what, null);
        }

        writer.Write("GGUF"u8);
        writer.Write(3u);
        writer.Write((ulong)tensors.Count);
        writer.Write((ulong)pairs.Count);
        foreach (Action pair in pairs) pair();
        foreach (Action tensor in tensors) tensor();
        while (stream.Length % 32 != 0) writer.Write((byte)0);
        writer.Write(new byte[128]);
        return stream.ToArray();
    }
}
