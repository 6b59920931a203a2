using System.Text.Json;
using Switchyard.Model.Files;
using Switchyard.Strategies;

namespace Switchyard;

/// <summary>Reads what a model's maker suggests for choosing tokens.</summary>
internal static class GenerationConfigFile
{
    private const long MaxBytes = 1 << 20;

    /// <summary>The suggestions of generation_config.json in a folder; greedy where there is none or it does not ask to sample.</summary>
    /// <exception cref="ModelFormatException">The file is damaged, or suggests what makes no sense.</exception>
    public static GenerationOptions Read(string folder)
    {
        string path = Path.Combine(folder, "generation_config.json");
        var file = new FileInfo(path);
        if (!file.Exists) return new GenerationOptions();
        if (file.Length > MaxBytes) throw new ModelFormatException("The file is too large.", path, found: $"{file.Length} bytes", supported: $"up to {MaxBytes}");
        try
        {
            byte[] bytes = File.ReadAllBytes(path);
            using JsonDocument document = JsonDocument.Parse(bytes.AsSpan().StartsWith("\uFEFF"u8) ? bytes.AsMemory(3) : bytes.AsMemory()); // some editors write a byte order mark
            JsonElement root = document.RootElement;
            float repetition = Number(root, "repetition_penalty") ?? 1;
            var options = new GenerationOptions { RepetitionPenalty = repetition };
            if (root.TryGetProperty("do_sample", out JsonElement sample) && sample.ValueKind == JsonValueKind.True)
            {
                options = options with
                {
                    Temperature = Number(root, "temperature") ?? 1,
                    TopK = Number(root, "top_k") is { } k and > 0 ? (int)k : null,
                    TopP = Number(root, "top_p") is { } p and < 1 ? p : null,
                    MinP = Number(root, "min_p"),
                };
            }
            options.Validate();
            return options;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or GenerationOptionsException)
        {
            throw new ModelFormatException(e.Message, path, cause: e);
        }
    }

    private static float? Number(JsonElement root, string name)
    {
        if (!root.TryGetProperty(name, out JsonElement value) || value.ValueKind == JsonValueKind.Null) return null;
        if (value.ValueKind == JsonValueKind.Number && value.TryGetSingle(out float number)) return number;
        throw new InvalidOperationException($"{name} is not a number.");
    }
}
