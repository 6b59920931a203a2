using System.Globalization;
using System.Text.Json;
using Switchyard.Model.Files;

namespace Switchyard.Model.Text;

/// <summary>What <c>tokenizer_config.json</c>, <c>generation_config.json</c> and <c>config.json</c> beside a tokenizer say about special tokens.</summary>
/// <remarks>An explicit <c>add_bos_token</c> or <c>add_eos_token</c> wins over the template in <c>tokenizer.json</c>; without one the template decides.</remarks>
internal sealed class TokenizerConfig : IDisposable
{
    private static readonly string[] UsualEnds =
        ["<|eot_id|>", "<|im_end|>", "<|end|>", "<|end_of_text|>", "<|endoftext|>", "</s>", "<｜end▁of▁sentence｜>", "<end_of_turn>", "<eos>"];

    private readonly List<JsonDocument> _documents = [];
    private readonly JsonField? _config;
    private readonly List<int> _endIds = [];

    private TokenizerConfig(string folder)
    {
        _config = Read(Path.Combine(folder, "tokenizer_config.json"));
        foreach (string name in (ReadOnlySpan<string>)["generation_config.json", "config.json"])
            if (Read(Path.Combine(folder, name)) is { IsObject: true } file && file.Optional("eos_token_id") is JsonField ids)
                _endIds.AddRange((ids.IsArray ? ids.Items() : [ids]).Select(Id));
        if (_config is not JsonField config) return;
        BosToken = Token(config, "bos_token");
        EosToken = Token(config, "eos_token");
        UnknownToken = Token(config, "unk_token");
        PadToken = Token(config, "pad_token");
        AddsBos = config.Optional("add_bos_token")?.Bool();
        AddsEos = config.Optional("add_eos_token")?.Bool();
    }

    /// <summary>Spelling of the token that begins a text.</summary>
    public string? BosToken { get; }

    /// <summary>Spelling of the token that ends a text.</summary>
    public string? EosToken { get; }

    /// <summary>Spelling of the unknown token.</summary>
    public string? UnknownToken { get; }

    /// <summary>Spelling of the padding token.</summary>
    public string? PadToken { get; }

    /// <summary>Whether texts begin with BOS; null leaves it to the template.</summary>
    public bool? AddsBos { get; }

    /// <summary>Whether texts end with EOS; null leaves it to the template.</summary>
    public bool? AddsEos { get; }

    /// <summary>Reads what lies in a folder; all of it may be absent.</summary>
    /// <exception cref="ModelFormatException">A file is malformed.</exception>
    public static TokenizerConfig ReadBeside(string folder) => new(folder);

    /// <inheritdoc/>
    public void Dispose() => _documents.ForEach(document => document.Dispose());

    /// <summary>The tokens that the config describes, by id.</summary>
    public IEnumerable<(int Id, JsonField Field)> AddedTokens()
    {
        if (_config?.Optional("added_tokens_decoder") is not JsonField field) yield break;
        if (!field.IsObject) throw field.Refuse("An object from id to token was expected.", field.Element.ValueKind.ToString());
        foreach (JsonProperty entry in field.Element.EnumerateObject())
        {
            if (!int.TryParse(entry.Name, NumberStyles.None, CultureInfo.InvariantCulture, out int id) || id == int.MaxValue)
                throw field.Refuse("A name is no id.", $"\"{entry.Name}\"", "whole numbers from 0");
            yield return (id, new JsonField(entry.Value, field.File, $"{field.Path}.{entry.Name}"));
        }
    }

    /// <summary>The id of a token, where both are known.</summary>
    public int? Find(Dictionary<string, int> ids, string? token) => token is not null && ids.TryGetValue(token, out int id) ? id : null;

    /// <summary>Adds BOS, EOS and the template to a tokenizer.</summary>
    public TokenizerCore Complete(TokenizerCore core, PostProcessorReader template, bool[] special)
    {
        int? bos = Find(core.Ids, BosToken) ?? (_config is null && template.Before.Count > 0 ? template.Before[0] : null);
        var ends = new List<int>();
        if (Find(core.Ids, EosToken) is int eos) ends.Add(eos);
        ends.AddRange(_endIds.Where(id => (uint)id < (uint)core.Tokens.Count));
        if (ends.Count == 0 && _config is null)
            ends.AddRange(UsualEnds.Where(core.Ids.ContainsKey).Select(token => core.Ids[token]).Where(id => special[id]));
        return core with
        {
            BosId = bos,
            EosIds = [.. ends.Distinct()],
            Before = Around(template.Before, AddsBos, bos, atEnd: false),
            After = Around(template.After, AddsEos, Find(core.Ids, EosToken), atEnd: true),
        };
    }

    private List<int> Around(List<int> template, bool? adds, int? id, bool atEnd)
    {
        if (adds is null || (id is null && adds == false)) return template;
        if (id is not int token)
            throw _config!.Value.Refuse($"It asks for {(atEnd ? "EOS" : "BOS")} but names no such token of the vocabulary.", atEnd ? EosToken : BosToken);
        bool has = template.Contains(token);
        if (adds.Value == has) return template;
        if (!adds.Value) return [.. template.Where(other => other != token)];
        return atEnd ? [.. template, token] : [token, .. template];
    }

    /// <summary>An id of the model's own, which may lie outside the tokenizer's vocabulary or be -1 for none.</summary>
    private static int Id(JsonField field) => field.Element.ValueKind == JsonValueKind.Number && field.Element.TryGetInt32(out int id) && id >= 0 ? id : NoId(field);

    private static int NoId(JsonField field) =>
        field.Element.ValueKind == JsonValueKind.Number ? -1 : throw field.Refuse("A token id was expected.", field.Element.ValueKind.ToString());

    private static string? Token(JsonField config, string name)
    {
        if (config.Optional(name) is not JsonField field) return null;
        return field.IsObject ? field.Required("content").String() : field.String();
    }

    private JsonField? Read(string path)
    {
        if (!File.Exists(path)) return null;
        JsonDocument document = JsonFile.Read(path, maxDepth: 64);
        _documents.Add(document);
        return new JsonField(document.RootElement, path, "$");
    }
}
