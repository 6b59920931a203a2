using Switchyard.Model.Text;

namespace Switchyard;

/// <summary>Texts to measure strategies and drafts on: a few everyday beginnings, or pieces of a text that the user gives.</summary>
internal static class SampleTexts
{
    private const int Pieces = 6;

    /// <summary>Tokens of a piece.</summary>
    public const int PieceTokens = 48;

    private static readonly string[] Prompts =
    [
        "Once upon a time there was a", "The King said to his daughter,", "The weather today is", "In order to solve the problem, we first",
        "He opened the door and saw", "There are three reasons why",
    ];

    /// <summary>Prompts as token ids, each with what begins a text; none where the text given is too short for one.</summary>
    /// <param name="tokenizer">The model's.</param>
    /// <param name="bos">The token that begins a text, if the model has one.</param>
    /// <param name="text">Text like that to be generated; null for everyday beginnings.</param>
    public static List<int[]> Tokens(ITokenizer tokenizer, int? bos, string? text)
    {
        if (text is null) return [.. Prompts.Select(prompt => tokenizer.Encode(prompt))];
        int[] tokens = tokenizer.Encode(text, addSpecial: false), first = bos is { } id ? [id] : [];
        int stride = tokens.Length / Pieces, length = Math.Min(PieceTokens, Math.Max(1, stride));
        var prompts = new List<int[]>();
        for (int piece = 0; piece < Pieces && piece * stride + length <= tokens.Length; piece++) prompts.Add([.. first, .. tokens.AsSpan(piece * stride, length)]);
        return prompts;
    }
}
