namespace Switchyard.Model.Files;

/// <summary>Keys of our own in GGUF files, for what the format has no word for. Other programs pass over them.</summary>
internal static class GgufKeys
{
    /// <summary>The first layer with a sliding window.</summary>
    public const string WindowFromLayer = "switchyard.attention.window_from_layer";

    /// <summary>rope_scaling as config.json has it, in JSON; the divisors in rope_freqs.weight follow from it.</summary>
    public const string RopeScaling = "switchyard.rope_scaling";

    /// <summary>Every token that ends a text, in order, where there are others than eos_token_id.</summary>
    public const string EndTokens = "switchyard.eos_token_ids";

    /// <summary>Vectors that were widened to F32, which is what other programs want of them: "F16 name" or "BF16 name" each.</summary>
    public const string Widened = "switchyard.widened";

    /// <summary>The tokenizer.json that the tokenizer was made from; the format's own key.</summary>
    public const string TokenizerJson = "tokenizer.huggingface.json";
}
