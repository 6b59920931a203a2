using System.Text.Json;

namespace Switchyard.Cli.Output;

/// <summary>Prompts as files hold them.</summary>
internal static class PromptFile
{
    /// <summary>
    /// The prompts of a file: one a line; a line that is a JSON object gives its "prompt", its "text" or the first of its "turns".
    /// </summary>
    /// <exception cref="UsageException">A JSON line has none of them, or there is no prompt at all.</exception>
    public static IReadOnlyList<string> Read(string content, string file)
    {
        string[] lines = content.ReplaceLineEndings("\n").Split('\n');
        var prompts = new List<string>();
        for (int i = 0; i < lines.Length; i++)
        {
            if (string.IsNullOrWhiteSpace(lines[i])) continue;
            prompts.Add(lines[i][0] == '{' ? JsonPrompt(lines[i], file, i + 1) : lines[i]);
        }
        return prompts.Count > 0 ? prompts : throw new UsageException($"{file} holds no prompt. Write one a line, or JSON objects with \"prompt\".");
    }

    private static string JsonPrompt(string line, string file, int number)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(line);
            JsonElement root = document.RootElement;
            foreach (string name in (string[])["prompt", "text", "turns"])
            {
                if (!root.TryGetProperty(name, out JsonElement value)) continue;
                if (value.ValueKind == JsonValueKind.Array && value.GetArrayLength() > 0) value = value[0];
                if (value.ValueKind == JsonValueKind.String) return value.GetString()!;
            }
        }
        catch (JsonException e)
        {
            throw new UsageException($"{file}, line {number} begins like JSON and is not: {e.Message}");
        }
        throw new UsageException($"{file}, line {number}: the object has no string \"prompt\", \"text\" or \"turns\".");
    }
}
