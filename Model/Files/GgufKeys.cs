namespace Switchyard.Model.Files;

/// <summary>Keys of our own in GGUF files, for what the format has no word for. Other programs pass over them.</summary>
internal static class GgufKeys
{
    /// <summary>The first layer with a sliding window.</summary>
    public const string WindowFromLayer = "switchyard.attention.window_from_layer";

    /// <summary>rope_scaling as config.json has it, in JSON; the divisors in rope_freqs.weight follow from it.</summary>
    public const string RopeScaling = "switchyard.rope_scaling";
}
