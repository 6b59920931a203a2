using System.Globalization;
using Switchyard.Model.Files;

namespace Switchyard.Model.Text;

/// <summary>Keeps a file's replacements from making a text absurdly long: chained, they would multiply.</summary>
/// <param name="file">The file, for messages.</param>
/// <param name="path">The place in it, for messages.</param>
internal sealed class GrowthLimit(string file, string path)
{
    /// <summary>How much longer one replacement may make a text; with a word of a dozen letters for one there is room to spare.</summary>
    private const int Single = 16;

    /// <summary>How much longer a whole chain may make it; compatibility forms alone come to 18.</summary>
    private const int Chained = 32;

    /// <summary>Characters that any text may grow by, however short it is.</summary>
    private const int Slack = 256;

    /// <summary>Checks what one replacement would make, before it is made.</summary>
    /// <exception cref="ModelFormatException">It would be too long.</exception>
    public void CheckOne(long length, int original) => Check(length, original, Single);

    /// <summary>Checks what a chain has made so far.</summary>
    /// <exception cref="ModelFormatException">It is too long.</exception>
    public void CheckChain(long length, int original) => Check(length, original, Chained);

    private void Check(long length, int original, int factor)
    {
        if (length <= (long)factor * original + Slack) return;
        throw new ModelFormatException(
            "Replacing makes a text absurdly long.", file, path, null, string.Create(CultureInfo.InvariantCulture, $"{length} characters from {original}"), $"up to {factor} times its length and {Slack}");
    }
}
