namespace Switchyard.Model.Files;

/// <summary>Matches the tensors of a file with those that a shape needs.</summary>
internal static class WeightTable
{
    /// <summary>Every tensor that <paramref name="config"/> needs; anything missing, misshapen or left over is refused by name.</summary>
    public static Dictionary<WeightId, WeightEntry> Build(IWeightFile file, WeightNames names, ModelConfig config)
    {
        var table = new Dictionary<WeightId, WeightEntry>();
        var missing = new List<string>();
        foreach (WeightId id in WeightId.All(config))
        {
            string name = names.NameOf(id);
            if (!file.Entries.TryGetValue(name, out WeightEntry? entry))
            {
                missing.Add(name);
                if (missing.Count > 100) break; // enough to see; a shape of thousands of layers need not be walked
                continue;
            }
            CheckShape(entry, id, id.Shape(config));
            table.Add(id, entry);
        }
        if (missing.Count > 0)
            throw new ModelFormatException("Tensors are missing.", file.Path, missing[0], null, Sample(missing));
        CheckNothingElse(file, names, config, table);
        return table;
    }

    private static void CheckShape(WeightEntry entry, WeightId id, (int Rows, int Cols) wanted)
    {
        bool fits = entry.Shape switch
        {
            [int n] => id.IsVector && n == wanted.Cols,
            [int rows, int cols] => rows == wanted.Rows && cols == wanted.Cols,
            _ => false,
        };
        if (!fits)
            throw new ModelFormatException(
                "The tensor has another shape than the configuration says.", entry.File, entry.Name, entry.Offset, entry.ShapeText,
                id.IsVector ? $"[{wanted.Cols}]" : $"[{wanted.Rows}, {wanted.Cols}]");
    }

    private static void CheckNothingElse(IWeightFile file, WeightNames names, ModelConfig config, Dictionary<WeightId, WeightEntry> table)
    {
        var unexpected = new List<string>();
        foreach (string name in file.Entries.Keys)
        {
            if (names.IsIgnored(name)) continue;
            WeightId? id = names.Parse(name);
            bool copyOfTied = id?.Role == WeightRole.Head && config.TieWordEmbeddings; // some writers store the table twice
            if (!copyOfTied && (id is null || !table.ContainsKey(id.Value))) unexpected.Add(name);
        }
        if (unexpected.Count == 0) return;
        unexpected.Sort(StringComparer.Ordinal);
        throw new ModelFormatException("The file holds tensors that the configuration has no use for, so it is another model than it says.", file.Path, unexpected[0], null, Sample(unexpected));
    }

    private static string Sample(List<string> names)
    {
        const int Shown = 5;
        string text = string.Join(", ", names.Take(Shown));
        return names.Count > Shown ? $"{names.Count}, among them {text}" : $"{names.Count}: {text}";
    }
}
