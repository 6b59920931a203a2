using System.Globalization;
using System.Text.Json;
using Switchyard.Model.Files;

namespace Switchyard.Model.Text;

/// <summary>A value of a JSON file, with its place, so that every fault can say where it is.</summary>
internal readonly record struct JsonField(JsonElement Element, string File, string Path)
{
    /// <summary>Whether the value is an object.</summary>
    public bool IsObject => Element.ValueKind == JsonValueKind.Object;

    /// <summary>Whether the value is a list.</summary>
    public bool IsArray => Element.ValueKind == JsonValueKind.Array;

    /// <summary>Whether the value is a text.</summary>
    public bool IsString => Element.ValueKind == JsonValueKind.String;

    /// <summary>A member; null when it is missing or null.</summary>
    public JsonField? Optional(string name)
    {
        if (!IsObject) throw Refuse("An object was expected.", Element.ValueKind.ToString());
        return Element.TryGetProperty(name, out JsonElement value) && value.ValueKind != JsonValueKind.Null ? new JsonField(value, File, $"{Path}.{name}") : null;
    }

    /// <summary>A member that must be there.</summary>
    public JsonField Required(string name) => Optional(name) ?? throw Refuse("A member is missing.", supported: name.Length <= 60 ? $"\"{name}\"" : null);

    /// <summary>A text member, or a value in its place.</summary>
    public string? OptionalString(string name) => Optional(name)?.String();

    /// <summary>A truth member, or a value in its place.</summary>
    public bool Flag(string name, bool otherwise) => Optional(name)?.Bool() ?? otherwise;

    /// <summary>The text.</summary>
    public string String()
    {
        if (!IsString) throw Refuse("A text was expected.", Element.ValueKind.ToString());
        return JsonFile.Text(Element, File, Path);
    }

    /// <summary>The truth value.</summary>
    public bool Bool() => Element.ValueKind switch
    {
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        _ => throw Refuse("True or false was expected.", Element.ValueKind.ToString()),
    };

    /// <summary>A number from 0 to <paramref name="max"/>.</summary>
    public int Count(int max)
    {
        if (Element.ValueKind != JsonValueKind.Number || !Element.TryGetInt32(out int value) || value < 0 || value > max)
            throw Refuse($"A whole number from 0 to {max.ToString(CultureInfo.InvariantCulture)} was expected.", Element.GetRawText());
        return value;
    }

    /// <summary>The text, which must be a single character.</summary>
    public string Character()
    {
        string text = String();
        if (text.EnumerateRunes().Count() != 1) throw Refuse("A single character was expected.", $"\"{text}\"");
        return text;
    }

    /// <summary>The members of a list.</summary>
    public IEnumerable<JsonField> Items()
    {
        if (!IsArray) throw Refuse("A list was expected.", Element.ValueKind.ToString());
        int index = 0;
        foreach (JsonElement item in Element.EnumerateArray())
            yield return new JsonField(item, File, $"{Path}[{(index++).ToString(CultureInfo.InvariantCulture)}]");
    }

    /// <summary>What the object says it is.</summary>
    public string TypeName() => Required("type").String();

    /// <summary>A fault at this place.</summary>
    public ModelFormatException Refuse(string problem, string? found = null, string? supported = null, Exception? cause = null) =>
        new(problem, File, Path, found: found, supported: supported, cause: cause);
}
