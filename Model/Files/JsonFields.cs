using System.Text.Json;

namespace Switchyard.Model.Files;

/// <summary>Fields of a JSON object in an untrusted file; what is missing or of another kind is named in the error.</summary>
internal readonly struct JsonFields
{
    private readonly JsonElement _object;
    private readonly string _file, _prefix;

    /// <summary>Looks at an object; <paramref name="prefix"/> goes before names in messages.</summary>
    public JsonFields(JsonElement element, string file, string prefix = "")
    {
        (_object, _file, _prefix) = (element, file, prefix);
        if (element.ValueKind != JsonValueKind.Object)
            throw new ModelFormatException("A JSON object is needed here.", file, prefix.Length > 0 ? prefix.TrimEnd('.') : null, null, element.ValueKind.ToString());
    }

    /// <summary>Names of all fields.</summary>
    public IEnumerable<string> Names
    {
        get
        {
            foreach (JsonProperty property in _object.EnumerateObject()) yield return JsonFile.Name(property, _file);
        }
    }

    /// <summary>The value, or null when it is absent or JSON null.</summary>
    public JsonElement? Value(string name) =>
        _object.TryGetProperty(name, out JsonElement value) && value.ValueKind != JsonValueKind.Null ? value : null;

    /// <summary>True if the field is there, were it JSON null.</summary>
    public bool Has(string name) => _object.TryGetProperty(name, out _);

    /// <summary>The object inside, or null.</summary>
    public JsonFields? Object(string name) => Value(name) is { } value ? new JsonFields(value, _file, _prefix + name + ".") : null;

    /// <summary>A whole number, or null.</summary>
    public int? Int(string name)
    {
        if (Value(name) is not { } value) return null;
        if (value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out int number)) return number;
        // Some writers store counts as 4096.0.
        if (value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out double real) && real == Math.Floor(real) && Math.Abs(real) <= int.MaxValue) return (int)real;
        throw Fault(name, "A whole number is needed.", value);
    }

    /// <summary>A whole number that must be there.</summary>
    public int RequiredInt(string name) => Int(name) ?? throw Missing(name);

    /// <summary>A finite number, or null.</summary>
    public double? Double(string name)
    {
        if (Value(name) is not { } value) return null;
        if (value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out double number) && double.IsFinite(number)) return number;
        throw Fault(name, "A finite number is needed.", value);
    }

    /// <summary>A finite number that must be there.</summary>
    public double RequiredDouble(string name) => Double(name) ?? throw Missing(name);

    /// <summary>True or false, or null.</summary>
    public bool? Bool(string name) => Value(name) is not { } value ? null : value.ValueKind switch
    {
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        _ => throw Fault(name, "True or false is needed.", value),
    };

    /// <summary>A text, or null.</summary>
    public string? String(string name)
    {
        if (Value(name) is not { } value) return null;
        if (value.ValueKind != JsonValueKind.String) throw Fault(name, "A text is needed.", value);
        return JsonFile.Text(value, _file, _prefix + name);
    }

    /// <summary>The texts of a list, or null.</summary>
    public List<string>? Strings(string name)
    {
        if (Value(name) is not { } value) return null;
        if (value.ValueKind != JsonValueKind.Array) throw Fault(name, "A list of texts is needed.", value);
        var texts = new List<string>();
        foreach (JsonElement item in value.EnumerateArray())
        {
            if (item.ValueKind != JsonValueKind.String) throw Fault(name, "A list of texts is needed.", item);
            texts.Add(JsonFile.Text(item, _file, _prefix + name));
        }
        return texts;
    }

    /// <summary>A whole number or a list of them; empty when absent.</summary>
    public List<int> IntOrList(string name)
    {
        if (Value(name) is not { } value) return [];
        if (value.ValueKind != JsonValueKind.Array) return [Int(name)!.Value];
        var numbers = new List<int>();
        foreach (JsonElement item in value.EnumerateArray())
        {
            if (item.ValueKind != JsonValueKind.Number || !item.TryGetInt32(out int number)) throw Fault(name, "A whole number or a list of them is needed.", item);
            numbers.Add(number);
        }
        return numbers;
    }

    /// <summary>An error about a field.</summary>
    public ModelFormatException Fault(string name, string problem, JsonElement? found = null, string? supported = null) =>
        new(problem, _file, _prefix + name, null, found?.GetRawText(), supported);

    private ModelFormatException Missing(string name) => new("The field is missing.", _file, _prefix + name);
}
