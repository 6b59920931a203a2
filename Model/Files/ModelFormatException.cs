using System.Text;

namespace Switchyard.Model.Files;

/// <summary>A model file does not say what it should, or says something that is not supported.</summary>
/// <remarks>The message joins what the properties hold: file, field, offset, what was found and what is supported.</remarks>
public sealed class ModelFormatException : IOException
{
    /// <summary>Reports a fault of a file.</summary>
    /// <param name="problem">One sentence: what is wrong and, where it helps, what to do.</param>
    /// <param name="file">The file.</param>
    /// <param name="field">The field or tensor, where the fault is in one.</param>
    /// <param name="offset">Bytes from the file's start, where known.</param>
    /// <param name="found">What the file says.</param>
    /// <param name="supported">What it may say.</param>
    /// <param name="cause">What went wrong below.</param>
    public ModelFormatException(
        string problem, string file, string? field = null, long? offset = null, string? found = null, string? supported = null, Exception? cause = null)
        : base(Describe(problem, file, field, offset, found, supported), cause) =>
        (Problem, File, Field, Offset, Found, Supported) = (problem, file, field, offset, found, supported);

    /// <summary>What is wrong, without the place.</summary>
    public string Problem { get; }

    /// <summary>The file.</summary>
    public string File { get; }

    /// <summary>The field or tensor.</summary>
    public string? Field { get; }

    /// <summary>Bytes from the file's start.</summary>
    public long? Offset { get; }

    /// <summary>What the file says.</summary>
    public string? Found { get; }

    /// <summary>What it may say.</summary>
    public string? Supported { get; }

    private static string Describe(string problem, string file, string? field, long? offset, string? found, string? supported)
    {
        var text = new StringBuilder(file);
        if (field is not null) text.Append(": ").Append(Shorten(field));
        if (offset is not null) text.Append(" at byte ").Append(offset);
        text.Append(": ").Append(problem);
        if (found is not null) text.Append(" Found ").Append(Shorten(found)).Append('.');
        if (supported is not null) text.Append(" Supported: ").Append(supported).Append('.');
        return text.ToString();
    }

    /// <summary>A hostile file must not make a message as long as itself.</summary>
    private static string Shorten(string text) => text.Length <= 200 ? text : string.Concat(text.AsSpan(0, 200), "…");
}
