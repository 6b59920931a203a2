namespace Switchyard.Model.Text;

/// <summary>The expressions that byte-level vocabularies are split by where a file gives their name alone.</summary>
internal static class SplitPatterns
{
    /// <summary>One punctuation character or ASCII symbol.</summary>
    public const string Punctuation = @"[\p{P}$+<=>^`|~]";

    private const string Gpt2Text = @"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+";

    /// <summary>GPT-2's.</summary>
    public static CodePointPattern Gpt2() => CodePointPattern.Regex(Gpt2Text);
}
