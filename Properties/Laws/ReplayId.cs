using System.Globalization;
using FsCheck;
using Microsoft.FSharp.Core;

namespace Switchyard.Properties;

/// <summary>Where a case comes from, as people can copy it: two numbers of the generator and a size, in hexadecimal.</summary>
internal static class ReplayId
{
    public static string Of(Rnd random, int size) => $"{random.Seed:x}-{random.Gamma:x}-{size:x}";

    /// <summary>Where a run of <paramref name="lawId"/> begins: at the case to replay, or at a place of the law's own.</summary>
    /// <exception cref="FormatException">The replay id is not one.</exception>
    public static FSharpOption<Replay> Start(string lawId, LawOptions options)
    {
        if (options.Replay is { } id) return FSharpOption<Replay>.Some(Parse(id));
        ulong seed = 14695981039346656037; // FNV-1a of the id, so that laws do not share their cases
        foreach (char c in lawId) seed = (seed ^ c) * 1099511628211;
        return FSharpOption<Replay>.Some(new Replay(new Rnd(seed + options.Seed), FSharpOption<int>.None));
    }

    private static Replay Parse(string id)
    {
        string[] parts = id.Split('-');
        if (parts.Length == 3
            && ulong.TryParse(parts[0], NumberStyles.HexNumber, CultureInfo.InvariantCulture, out ulong seed)
            && ulong.TryParse(parts[1], NumberStyles.HexNumber, CultureInfo.InvariantCulture, out ulong gamma) && gamma % 2 == 1
            && int.TryParse(parts[2], NumberStyles.HexNumber, CultureInfo.InvariantCulture, out int size))
            return new Replay(new Rnd(seed, gamma), FSharpOption<int>.Some(size));
        throw new FormatException($"'{id}' is not a replay id. Copy the one that the report printed, such as 9f3c-1b-14.");
    }
}
