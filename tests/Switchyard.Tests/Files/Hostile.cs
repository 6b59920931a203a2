using System.Buffers.Binary;
using System.Diagnostics;
using FsCheck;
using FsCheck.Fluent;
using Switchyard.Model.Files;
using Switchyard.Tensor;

namespace Switchyard.Tests.Files;

/// <summary>One change to a file's bytes; positions and values wrap around so that every number is meaningful and shrinks.</summary>
public readonly record struct Damage(int Kind, int Position, int Value);

/// <summary>What hostile-input properties share: damage, and what an opener may do with a damaged file.</summary>
internal static class Hostile
{
    private static readonly ulong[] Absurd =
        [0, 1, 2, 3, 7, 255, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 0x100000000, long.MaxValue - 7, long.MaxValue, 1UL << 63, ulong.MaxValue - 31, ulong.MaxValue];

    private static readonly string[] Fragments =
        ["[", "]", "{", "}", "\"", ":", ",", "0", "9", "-1", "1e99", "null", "true", "[[[[[[[[[", "99999999999999999999", "\\u0000", "\\ud800", "4294967296", " ", "\"a\":", "\u00ff"];

    /// <summary>Cases to run: few by default, thousands in the long run.</summary>
    public static int Cases(int few) => TestPaths.Long ? few * 20 : few;

    /// <summary>Runs a property over lists of damages, with shrinking, from a fixed seed.</summary>
    public static void ForAllDamages(int few, Func<Damage[], bool> holds)
    {
        Arbitrary<Damage[]> damages = ArbMap.Default.ArbFor<(int, int, int)[]>()
            .Convert(a => a.Select(t => new Damage(t.Item1, t.Item2, t.Item3)).ToArray(), a => a.Select(d => (d.Kind, d.Position, d.Value)).ToArray());
        Config config = Config.QuickThrowOnFailure.WithMaxTest(Cases(few)).WithStartSize(8).WithEndSize(400).WithReplay(20261121, 7);
        Check.One(config, Prop.ForAll(damages, holds));
    }

    /// <summary>Applies damages; most fall on the first <paramref name="headerLength"/> bytes, where structure is.</summary>
    public static byte[] Apply(byte[] good, Damage[] damages, int headerLength)
    {
        List<byte> bytes = [.. good];
        foreach (Damage d in damages)
        {
            if (bytes.Count == 0) break;
            int reach = d.Kind % 5 == 4 ? bytes.Count : Math.Min(headerLength, bytes.Count);
            int at = (int)((uint)(d.Position * 2654435761L) % (uint)reach);
            switch ((uint)d.Kind % 6)
            {
                case 0: bytes[at] ^= (byte)(1 << (d.Value & 7)); break;
                case 1: bytes[at] = (byte)d.Value; break;
                case 2: Overwrite(bytes, at, Absurd[(uint)d.Value % Absurd.Length], 8); break;
                case 3: Overwrite(bytes, at, Absurd[(uint)d.Value % Absurd.Length], 4); break;
                case 4: bytes.RemoveRange(at, Math.Min(1 + (int)((uint)d.Value % 64), bytes.Count - at)); break;
                default:
                    byte[] fragment = System.Text.Encoding.UTF8.GetBytes(Fragments[(uint)d.Value % Fragments.Length]);
                    if (d.Value % 2 == 0) bytes.InsertRange(at, fragment);
                    else for (int i = 0; i < fragment.Length && at + i < bytes.Count; i++) bytes[at + i] = fragment[i];
                    break;
            }
        }
        return [.. bytes];
    }

    /// <summary>
    /// True if <paramref name="use"/> either works or throws <see cref="ModelFormatException"/> naming the file, quickly and
    /// without allocating beyond the file's own size class.
    /// </summary>
    public static bool BehavesOn(string path, Action<string> use)
    {
        long length = Directory.Exists(path) ? Directory.GetFiles(path).Sum(f => new FileInfo(f).Length) : new FileInfo(path).Length;
        long before = GC.GetAllocatedBytesForCurrentThread(), started = Stopwatch.GetTimestamp();
        try
        {
            use(path);
        }
        catch (ModelFormatException e)
        {
            if (!e.Message.Contains(Path.GetFileName(path), StringComparison.Ordinal) && !Directory.Exists(path)) throw new InvalidOperationException("The message does not name the file: " + e.Message, e);
            if (e.Message.Length > 2000) throw new InvalidOperationException("The message is as long as a file.", e);
        }
        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        if (allocated > 2_000_000 + 200 * length) throw new InvalidOperationException($"{allocated} bytes were allocated for a file of {length}.");
        if (Stopwatch.GetElapsedTime(started) > TimeSpan.FromSeconds(20)) throw new InvalidOperationException("A small file took more than twenty seconds.");
        return true;
    }

    /// <summary>Reads every row of every tensor that can be a weight.</summary>
    public static void ReadAll(IWeightFile file)
    {
        foreach (WeightEntry entry in file.Entries.Values)
        {
            if (entry.Shape.Count is not (1 or 2) || entry.Shape.Contains(0)) continue;
            using TensorData data = file.Open(entry);
            byte[] row = new byte[data.RowBytes];
            for (int r = 0; r < data.Rows; r++) data.ReadRow(r, row);
        }
    }

    private static void Overwrite(List<byte> bytes, int at, ulong value, int count)
    {
        Span<byte> little = stackalloc byte[8];
        BinaryPrimitives.WriteUInt64LittleEndian(little, value);
        for (int i = 0; i < count && at + i < bytes.Count; i++) bytes[at + i] = little[i];
    }
}
