using System.Globalization;
using System.Text.Json;

namespace Switchyard.Tests.Golden;

/// <summary>What an independent float64 program computed from a model's stored weights.</summary>
internal sealed class GoldenReference
{
    private GoldenReference(JsonElement root)
    {
        foreach (JsonElement one in root.GetProperty("cases").EnumerateArray()) Cases.Add(new GoldenCase(one));
        if (root.TryGetProperty("nll_sentence", out JsonElement sentence))
            Sentence = (sentence.GetProperty("text").GetString()!, sentence.GetProperty("nll").GetDouble(), sentence.GetProperty("ids").GetArrayLength() - 1);
    }

    /// <summary>Prompts and what follows them.</summary>
    public List<GoldenCase> Cases { get; } = [];

    /// <summary>A text, the sum of its tokens' negative log-likelihoods, and how many they are.</summary>
    public (string Text, double Nll, int Tokens)? Sentence { get; }

    /// <summary>The reference beside a model folder's weights.</summary>
    public static GoldenReference OfFolder(string folder)
    {
        using JsonDocument document = Read(folder);
        return new GoldenReference(document.RootElement);
    }

    /// <summary>The references of a folder that holds several files, by file name.</summary>
    public static Dictionary<string, GoldenReference> OfFiles(string folder)
    {
        using JsonDocument document = Read(folder);
        return document.RootElement.GetProperty("files").EnumerateObject().ToDictionary(file => file.Name, file => new GoldenReference(file.Value));
    }

    private static JsonDocument Read(string folder) => JsonDocument.Parse(File.ReadAllBytes(Path.Combine(folder, "reference.json")));
}

/// <summary>A prompt, its greedy continuation, and some logits of the first step.</summary>
internal sealed class GoldenCase
{
    public GoldenCase(JsonElement json)
    {
        Prompt = json.GetProperty("prompt").GetString()!;
        PromptIds = [.. json.GetProperty("prompt_ids").EnumerateArray().Select(id => id.GetInt32())];
        GreedyIds = [.. json.GetProperty("greedy_ids").EnumerateArray().Select(id => id.GetInt32())];
        Margin = json.GetProperty("min_top1_margin").GetDouble();
        foreach (JsonElement pair in json.GetProperty("first_step_top5").EnumerateArray()) FirstLogits[pair[0].GetInt32()] = pair[1].GetDouble();
        if (!json.TryGetProperty("first_step_logits", out JsonElement more)) return;
        foreach (JsonProperty pair in more.EnumerateObject()) FirstLogits[int.Parse(pair.Name, CultureInfo.InvariantCulture)] = pair.Value.GetDouble();
    }

    public string Prompt { get; }

    public int[] PromptIds { get; }

    public int[] GreedyIds { get; }

    /// <summary>The smallest distance of best and second-best logit over the greedy steps.</summary>
    public double Margin { get; }

    /// <summary>Token id to logit.</summary>
    public Dictionary<int, double> FirstLogits { get; } = [];
}
