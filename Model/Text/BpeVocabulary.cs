using System.Text.Json;
using Switchyard.Model.Files;

namespace Switchyard.Model.Text;

/// <summary>The vocabulary and merges of a tokenizer file's BPE model.</summary>
internal sealed class BpeVocabulary
{
    private readonly JsonField _model;
    private readonly string _prefix;
    private MergeReader? _merges;

    private BpeVocabulary(JsonField model)
    {
        _model = model;
        _prefix = model.OptionalString("continuing_subword_prefix") ?? "";
        Ids = [];
    }

    /// <summary>From spelling to id.</summary>
    public Dictionary<string, int> Ids { get; }

    /// <summary>Reads both lists.</summary>
    public static BpeVocabulary Read(JsonField model)
    {
        var vocabulary = new BpeVocabulary(model);
        vocabulary.ReadIds();
        vocabulary.ReadMerges();
        return vocabulary;
    }

    /// <summary>Makes the model with the options beside the lists.</summary>
    public BpeModel MakeModel(JsonField model)
    {
        string suffix = model.OptionalString("end_of_word_suffix") ?? "";
        bool ignoresMerges = model.Flag("ignore_merges", false);
        bool hasSeam = !_merges!.CrossesSeam && !ignoresMerges && _prefix.Length + suffix.Length == 0 && Ids.ContainsKey("▁");
        return new BpeModel(Ids, _merges!.Merges)
        {
            UnknownId = ReadUnknown(model),
            FusesUnknown = model.Flag("fuse_unk", false),
            FallsBackToBytes = model.Flag("byte_fallback", false),
            IgnoresMerges = ignoresMerges,
            Prefix = _prefix,
            Suffix = suffix,
            Seam = hasSeam ? '▁' : '\0',
        };
    }

    private int? ReadUnknown(JsonField model)
    {
        if (model.Optional("unk_token") is not JsonField field || field.String().Length == 0) return null;
        return Ids.TryGetValue(field.String(), out int id) ? id : throw field.Refuse("The unknown token is not in the vocabulary.", $"\"{field.String()}\"");
    }

    private void ReadIds()
    {
        JsonField field = _model.Required("vocab");
        if (!field.IsObject) throw field.Refuse("An object from token to id was expected.", field.Element.ValueKind.ToString());
        foreach (JsonProperty entry in field.Element.EnumerateObject())
        {
            if (entry.Value.ValueKind != JsonValueKind.Number || !entry.Value.TryGetInt32(out int id) || id is < 0 or int.MaxValue)
                throw field.Refuse("A token has no id that can be used.", $"{entry.Value.GetRawText()} of \"{entry.Name}\"", "whole numbers from 0");
            Ids[entry.Name] = id;
        }
    }

    private void ReadMerges()
    {
        JsonField field = _model.Required("merges");
        if (!field.IsArray) throw field.Refuse("A list of pairs was expected.", field.Element.ValueKind.ToString());
        _merges = new MergeReader(Ids, _prefix, field.File, field.Path, field.Element.GetArrayLength());
        foreach (JsonElement entry in field.Element.EnumerateArray())
        {
            if (entry.ValueKind == JsonValueKind.String)
            {
                _merges.Add(JsonFile.Text(entry, field.File, field.Path));
                continue;
            }
            if (entry.ValueKind != JsonValueKind.Array || entry.GetArrayLength() != 2 || !entry.EnumerateArray().All(part => part.ValueKind == JsonValueKind.String))
                throw _merges.Fault("Two tokens were expected.", entry.GetRawText());
            _merges.Add(JsonFile.Text(entry[0], field.File, field.Path), JsonFile.Text(entry[1], field.File, field.Path));
        }
    }
}
