namespace Switchyard.Model.Text;

/// <summary>Splits a file of several texts, as tokenizer test vectors are kept.</summary>
public static class TextSeparator
{
    /// <summary>The line that stands between two texts.</summary>
    public const string Line = "__ggml_vocab_test__";

    /// <summary>The texts of a file's content: what lies between the separator lines, without the line feed before each.</summary>
    /// <remarks>A separator that ends the content ends its last text. Without any, the content is one text as it stands.</remarks>
    public static IReadOnlyList<string> Split(string content)
    {
        ArgumentNullException.ThrowIfNull(content);
        var texts = new List<string>();
        int start = 0;
        for (int line = 0; line <= content.Length;)
        {
            int end = content.IndexOf('\n', line);
            if (end < 0) end = content.Length;
            if (content.AsSpan(line..end).SequenceEqual(Line))
            {
                texts.Add(content[start..Math.Max(start, line - 1)]);
                start = Math.Min(end + 1, content.Length);
            }
            line = end + 1;
        }
        if (start < content.Length || texts.Count == 0) texts.Add(content[start..]);
        return texts;
    }
}
