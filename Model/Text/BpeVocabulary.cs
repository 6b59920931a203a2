using System.Globalization;
using System.Text.Json;
using Switchyard.Model.Files;

namespace Switchyard.Model.Text;

/// <summary>The vocabulary and merges of a tokenizer file's BPE model.</summary>
internal sealed class BpeVocabulary
{
    private const int MaxSeparators = 64;
    private readonly JsonField _model;
    private readonly string _prefix;
    private readonly Dictionary<string, int>.AlternateLookup<ReadOnlySpan<char>> _lookup;
    private char[] _joined = new char[64];
    private bool _crossesSeam;

    private BpeVocabulary(JsonField model)
    {
        _model = model;
        _prefix = model.OptionalString("continuing_subword_prefix") ?? "";
        Ids = [];
        _lookup = Ids.GetAlternateLookup<ReadOnlySpan<char>>();
    }

    /// <summary>From spelling to id.</summary>
    public Dictionary<string, int> Ids { get; }

    /// <summary>Which pairs merge.</summary>
    public MergeTable Merges { get; private set; } = new(0);

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
        bool hasSeam = !_crossesSeam && !ignoresMerges && _prefix.Length + suffix.Length == 0 && Ids.ContainsKey("▁");
        return new BpeModel(Ids, Merges)
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

    /// <summary>Whether a token holds <paramref name="seam"/> after another character, so that words may not be cut before it.</summary>
    public static bool Crosses(ReadOnlySpan<char> token, char seam)
    {
        int run = token.IndexOfAnyExcept(seam);
        return run >= 0 && token[run..].Contains(seam);
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
                throw field.Refuse($"Token \"{entry.Name}\" has no id that can be used.", entry.Value.GetRawText(), "whole numbers from 0");
            Ids[entry.Name] = id;
        }
    }

    private void ReadMerges()
    {
        JsonField field = _model.Required("merges");
        if (!field.IsArray) throw field.Refuse("A list of pairs was expected.", field.Element.ValueKind.ToString());
        Merges = new MergeTable(field.Element.GetArrayLength());
        int rank = 0, index = 0;
        foreach (JsonElement entry in field.Element.EnumerateArray())
        {
            string place = $"{field.Path}[{(index++).ToString(CultureInfo.InvariantCulture)}]";
            if (entry.ValueKind == JsonValueKind.String)
            {
                string line = JsonFile.Text(entry, field.File, place);
                if (line.StartsWith("#version", StringComparison.Ordinal)) continue;
                int space = FindSeparator(line);
                if (space < 0) throw Bad(place, $"\"{line}\"");
                AddMerge(line.AsSpan(0, space), line.AsSpan(space + 1), rank++, place);
            }
            else
            {
                if (entry.ValueKind != JsonValueKind.Array || entry.GetArrayLength() != 2 || entry[0].ValueKind != JsonValueKind.String || entry[1].ValueKind != JsonValueKind.String)
                    throw Bad(place, entry.GetRawText());
                AddMerge(JsonFile.Text(entry[0], field.File, place), JsonFile.Text(entry[1], field.File, place), rank++, place);
            }
        }
    }

    /// <summary>The space between the two tokens; tokens that hold spaces themselves are told by the vocabulary.</summary>
    private int FindSeparator(string line)
    {
        int first = line.IndexOf(' ', StringComparison.Ordinal), last = line.LastIndexOf(' ');
        if (first == last) return first;
        for (int tries = 0, space = line.IndexOf(' ', 1); space >= 0 && tries < MaxSeparators; tries++, space = line.IndexOf(' ', space + 1))
            if (_lookup.ContainsKey(line.AsSpan(0, space)) && _lookup.ContainsKey(line.AsSpan(space + 1)))
                return space;
        return -1;
    }

    private void AddMerge(ReadOnlySpan<char> left, ReadOnlySpan<char> right, int rank, string place)
    {
        if (!_lookup.TryGetValue(left, out int leftId)) throw Unknown(place, left);
        if (!_lookup.TryGetValue(right, out int rightId)) throw Unknown(place, right);
        if (right.Length < _prefix.Length) throw Bad(place, $"\"{right}\" without the prefix \"{_prefix}\"");
        ReadOnlySpan<char> rest = right[_prefix.Length..];
        int length = left.Length + rest.Length;
        if (length > _joined.Length) _joined = new char[length * 2];
        left.CopyTo(_joined);
        rest.CopyTo(_joined.AsSpan(left.Length));
        ReadOnlySpan<char> joined = _joined.AsSpan(0, length);
        if (!_lookup.TryGetValue(joined, out int product)) throw Unknown(place, joined);
        Merges.Set(leftId, rightId, rank, product);
        _crossesSeam |= Crosses(joined, '▁');
    }

    private ModelFormatException Bad(string place, string found) => new("Two tokens were expected.", _model.File, place, found: found, supported: "\"left right\" or [\"left\", \"right\"]");

    private ModelFormatException Unknown(string place, ReadOnlySpan<char> token) => new("A merge needs a token that is not in the vocabulary.", _model.File, place, found: $"\"{token}\"");
}
