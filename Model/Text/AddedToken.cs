namespace Switchyard.Model.Text;

/// <summary>A token that is found in the text as it stands, before any splitting.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Content">Its text.</param>
internal sealed record AddedToken(int Id, string Content)
{
    /// <summary>It is markup, not text: skipped by decoding, and found in text only where special tokens are parsed.</summary>
    public bool IsSpecial { get; init; }

    /// <summary>It does not match next to a word character.</summary>
    public bool SingleWord { get; init; }

    /// <summary>It swallows white space before it.</summary>
    public bool StripLeft { get; init; }

    /// <summary>It swallows white space after it.</summary>
    public bool StripRight { get; init; }

    /// <summary>It is looked for in the normalized text.</summary>
    public bool IsNormalized { get; init; }
}
