using System.Globalization;

namespace Switchyard.Model.Files;

/// <summary>Asks the machine what memory it has free for this process.</summary>
public static class FreeMemory
{
    /// <summary>Bytes that can be taken without swapping, within the limit of a container where there is one.</summary>
    public static long Bytes()
    {
        GCMemoryInfo info = GC.GetGCMemoryInfo();
        long limit = info.TotalAvailableMemoryBytes; // the machine's memory, or the container's limit
        long taken = info.MemoryLoadBytes > 0 ? info.MemoryLoadBytes : Environment.WorkingSet;
        long free = Available() ?? limit - taken; // only the kernel knows how much of its file cache it would give up
        return Math.Clamp(free, 0, Math.Max(0, limit - Environment.WorkingSet));
    }

    private static long? Available()
    {
        const string Path = "/proc/meminfo", Field = "MemAvailable:";
        if (!File.Exists(Path)) return null;
        foreach (string line in File.ReadLines(Path))
        {
            if (!line.StartsWith(Field, StringComparison.Ordinal)) continue;
            ReadOnlySpan<char> number = line.AsSpan(Field.Length).Trim();
            int end = number.IndexOf(' ');
            return long.TryParse(end < 0 ? number : number[..end], NumberStyles.None, CultureInfo.InvariantCulture, out long kilobytes) ? kilobytes * 1024 : null;
        }
        return null;
    }
}
