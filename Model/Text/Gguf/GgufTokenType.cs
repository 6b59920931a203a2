namespace Switchyard.Model.Text;

/// <summary>What a token of a GGUF vocabulary is.</summary>
public enum GgufTokenType
{
    /// <summary>Not said.</summary>
    Undefined = 0,

    /// <summary>Text.</summary>
    Normal = 1,

    /// <summary>Stands for what no other covers.</summary>
    Unknown = 2,

    /// <summary>Markup.</summary>
    Control = 3,

    /// <summary>Text that is found as it stands before any splitting.</summary>
    UserDefined = 4,

    /// <summary>Never produced.</summary>
    Unused = 5,

    /// <summary>One byte, written &lt;0x00&gt; to &lt;0xFF&gt;.</summary>
    Byte = 6,
}
