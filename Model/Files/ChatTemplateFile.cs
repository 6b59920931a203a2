using System.Text;
using System.Text.Json;

namespace Switchyard.Model.Files;

/// <summary>Finds the chat template of a Hugging Face folder.</summary>
internal static class ChatTemplateFile
{
    private const long MaxBytes = 4 << 20;

    /// <summary>The template, or null: chat_template.jinja wins over tokenizer_config.json; of a named list, the one called default.</summary>
    public static string? Read(string folder)
    {
        string own = Path.Combine(folder, "chat_template.jinja");
        if (File.Exists(own))
        {
            long length = new FileInfo(own).Length;
            if (length > MaxBytes) throw new ModelFormatException("The chat template is too large.", own, null, null, $"{length} bytes", $"up to {MaxBytes}");
            return File.ReadAllText(own, Encoding.UTF8);
        }
        string path = Path.Combine(folder, "tokenizer_config.json");
        if (!File.Exists(path)) return null;
        using JsonDocument document = JsonFile.Read(path);
        var fields = new JsonFields(document.RootElement, path);
        if (fields.Value("chat_template") is not { } template) return null;
        if (template.ValueKind == JsonValueKind.String) return fields.String("chat_template");
        if (template.ValueKind != JsonValueKind.Array) throw fields.Fault("chat_template", "A text or a list of named texts is needed.", template);
        string? first = null;
        foreach (JsonElement item in template.EnumerateArray())
        {
            var named = new JsonFields(item, path, "chat_template.");
            string? text = named.String("template");
            if (named.String("name") == "default") return text;
            first ??= text;
        }
        return first;
    }
}
