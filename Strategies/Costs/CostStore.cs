using System.Text;
using System.Text.Json;

namespace Switchyard.Strategies.Costs;

/// <summary>Where a machine keeps measured costs between runs: a folder of small JSON files.</summary>
/// <remarks>Whatever goes wrong with a file costs a measurement and nothing else.</remarks>
/// <param name="folder">The folder; made when something is first written.</param>
public sealed class CostStore(string folder)
{
    /// <summary>Names the folder for caches, instead of the user's local application data.</summary>
    public const string FolderVariable = "SWITCHYARD_CACHE";

    private const long LargestFile = 1 << 20; // bytes

    /// <summary>The folder.</summary>
    public string Folder { get; } = folder;

    /// <summary>
    /// The store of this machine: below the folder that <see cref="FolderVariable"/> names, else below the user's local
    /// application data. Null where there is neither.
    /// </summary>
    public static CostStore? OfThisMachine()
    {
        string? root = Environment.GetEnvironmentVariable(FolderVariable);
        if (string.IsNullOrWhiteSpace(root))
        {
            string data = Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData);
            if (data.Length == 0) return null;
            root = Path.Combine(data, "switchyard");
        }
        return new CostStore(Path.Combine(root, "costs"));
    }

    internal CostFile? Read(string key)
    {
        try
        {
            var file = new FileInfo(PathOf(key));
            if (!file.Exists || file.Length > LargestFile) return null;
            using FileStream stream = file.OpenRead();
            CostFile? costs = JsonSerializer.Deserialize(stream, CostJson.Default.CostFile);
            return costs?.Key == key ? costs : null;
        }
        catch (Exception e) when (IsHarmless(e))
        {
            return null;
        }
    }

    /// <summary>Writes a file beside the old one and then puts it in its place, so that no reader sees half of it.</summary>
    internal bool TryWrite(CostFile costs)
    {
        try
        {
            Directory.CreateDirectory(Folder);
            string path = PathOf(costs.Key), temporary = $"{path}.{Environment.ProcessId}";
            File.WriteAllBytes(temporary, JsonSerializer.SerializeToUtf8Bytes(costs, CostJson.Default.CostFile));
            File.Move(temporary, path, overwrite: true);
            return true;
        }
        catch (Exception e) when (IsHarmless(e))
        {
            return false;
        }
    }

    private string PathOf(string key)
    {
        var name = new StringBuilder(key.Length);
        foreach (char c in key) name.Append(char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.' ? c : '_');
        return Path.Combine(Folder, name + ".json");
    }

    private static bool IsHarmless(Exception e) => e is IOException or UnauthorizedAccessException or JsonException or NotSupportedException or ArgumentException;
}
