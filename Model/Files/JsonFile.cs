using System.Text.Json;
using System.Text.Unicode;

namespace Switchyard.Model.Files;

/// <summary>Reads small JSON files whose content is not trusted.</summary>
internal static class JsonFile
{
    /// <summary>No config or index is anywhere near this, in bytes.</summary>
    private const long MaxBytes = 64L << 20;

    /// <summary>Parses a file; duplicate keys, comments, trailing commas and deep nesting are refused.</summary>
    /// <exception cref="ModelFormatException">The file is not JSON, or too large.</exception>
    public static JsonDocument Read(string path, int maxDepth = 32) => Parse(ReadBytes(path), path, maxDepth);

    /// <summary>Parses JSON that lies inside <paramref name="path"/>, as strictly.</summary>
    /// <exception cref="ModelFormatException">It is not JSON.</exception>
    public static JsonDocument Parse(byte[] bytes, string path, int maxDepth)
    {
        if (!Utf8.IsValid(bytes)) throw new ModelFormatException("The JSON is not valid UTF-8.", path);
        ReadOnlyMemory<byte> json = bytes.AsSpan().StartsWith("\uFEFF"u8) ? bytes.AsMemory(3) : bytes;
        try
        {
            return JsonDocument.Parse(json, new JsonDocumentOptions { MaxDepth = maxDepth, AllowDuplicateProperties = false });
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw new ModelFormatException("The file is not valid JSON.", path, found: e.Message, cause: e);
        }
    }

    /// <summary>The text of a string value.</summary>
    /// <exception cref="ModelFormatException">It is not valid Unicode.</exception>
    public static string Text(JsonElement value, string path, string field)
    {
        try
        {
            return value.GetString()!;
        }
        catch (InvalidOperationException e)
        {
            throw new ModelFormatException("The text is not valid Unicode.", path, field, cause: e);
        }
    }

    /// <summary>The name of a member.</summary>
    /// <exception cref="ModelFormatException">It is not valid Unicode: half a surrogate pair can be written as an escape.</exception>
    public static string Name(JsonProperty property, string path)
    {
        try
        {
            return property.Name;
        }
        catch (InvalidOperationException e)
        {
            throw new ModelFormatException("A name is not valid Unicode.", path, cause: e);
        }
    }

    private static byte[] ReadBytes(string path)
    {
        long length = new FileInfo(path).Length;
        if (length > MaxBytes) throw new ModelFormatException("The file is too large for what it is.", path, null, null, $"{length} bytes", $"up to {MaxBytes}");
        return File.ReadAllBytes(path);
    }
}
