namespace Switchyard.Model.Files;

/// <summary>Limits that every configuration keeps, wherever it was read from.</summary>
internal static class ConfigChecks
{
    private const int MaxVocabulary = 1 << 22, MaxWidth = 1 << 18, MaxLayers = 2048, MaxHeads = 4096, MaxHeadDim = 1024, MaxContext = 1 << 27;

    /// <summary>Gives the configuration back if its numbers make sense.</summary>
    /// <param name="c">What was read.</param>
    /// <param name="file">The file, for messages.</param>
    /// <param name="key">The file's own name of a config.json field, for messages.</param>
    public static ModelConfig Check(ModelConfig c, string file, Func<string, string> key)
    {
        Between("vocab_size", c.VocabSize, 1, MaxVocabulary);
        Between("hidden_size", c.HiddenSize, 1, MaxWidth);
        Between("intermediate_size", c.IntermediateSize, 1, 4 * MaxWidth);
        Between("num_hidden_layers", c.LayerCount, 1, MaxLayers);
        Between("num_attention_heads", c.HeadCount, 1, MaxHeads);
        Between("num_key_value_heads", c.KvHeadCount, 1, c.HeadCount);
        Between("head_dim", c.HeadDim, 2, MaxHeadDim);
        Between("max_position_embeddings", c.MaxPositionEmbeddings, 1, MaxContext);
        if (c.HeadCount % c.KvHeadCount != 0)
            throw Fault("num_key_value_heads", "Query heads do not divide into groups.", $"{c.HeadCount} query and {c.KvHeadCount} key-value heads", "a divisor");
        if (c.HeadDim % 2 != 0) throw Fault("head_dim", "Rotations turn pairs of elements.", $"{c.HeadDim}", "even numbers");
        if (c.QueryDim > MaxWidth) throw Fault("head_dim", "The queries are absurdly wide.", $"{c.HeadCount} heads of {c.HeadDim}", $"up to {MaxWidth} elements");
        if (!(c.RmsNormEps > 0 && c.RmsNormEps < 0.1f)) throw Fault("rms_norm_eps", "The number is out of range.", $"{c.RmsNormEps}", "above 0 and below 0.1");
        if (!(c.RopeTheta > 1 && c.RopeTheta <= 1e15)) throw Fault("rope_theta", "The number is out of range.", $"{c.RopeTheta}", "above 1 and up to 1e15");
        if (c.SlidingWindow is { } window) Between("sliding_window", window, 1, MaxContext);
        CheckScaling(c, Fault);
        foreach (int id in c.EosTokenIds) Between("eos_token_id", id, 0, c.VocabSize - 1);
        if (c.BosTokenId is { } bos) Between("bos_token_id", bos, 0, c.VocabSize - 1);
        return c;

        void Between(string field, int value, int least, int most)
        {
            if (value < least || value > most) throw Fault(field, "The number is out of range.", $"{value}", $"{least} … {most}");
        }

        ModelFormatException Fault(string field, string problem, string found, string supported) => new(problem, file, key(field), null, found, supported);
    }

    private static void CheckScaling(ModelConfig c, Func<string, string, string, string, ModelFormatException> fault)
    {
        switch (c.RopeScaling)
        {
            case RopeScaling.Linear linear: Factor(linear.Factor); break;
            case RopeScaling.Dynamic dynamic:
                Factor(dynamic.Factor);
                if (c.HeadDim <= 2) throw fault("head_dim", "Dynamic scaling needs more than one pair of elements.", $"{c.HeadDim}", "4 or more");
                break;
            case RopeScaling.Llama3 llama3:
                Factor(llama3.Factor);
                Original(llama3.OriginalMaxPositionEmbeddings);
                if (!(llama3.LowFreqFactor > 0 && llama3.HighFreqFactor > llama3.LowFreqFactor && llama3.HighFreqFactor < 1e6))
                    throw fault("rope_scaling", "The frequency factors are out of order.", $"low {llama3.LowFreqFactor}, high {llama3.HighFreqFactor}", "0 < low < high");
                break;
            case RopeScaling.Yarn yarn:
                Factor(yarn.Factor);
                Original(yarn.OriginalMaxPositionEmbeddings);
                if (!(yarn.BetaSlow > 0 && yarn.BetaFast > yarn.BetaSlow && yarn.BetaFast < 1e6))
                    throw fault("rope_scaling", "The betas are out of order.", $"beta_slow {yarn.BetaSlow}, beta_fast {yarn.BetaFast}", "0 < slow < fast");
                if (yarn.AttentionFactor is { } factor && !(factor > 0 && factor < 1000))
                    throw fault("rope_scaling", "The attention factor is out of range.", $"{factor}", "above 0 and below 1000");
                break;
            case RopeScaling.Divided divided:
                if (divided.Divisors.Count != c.HeadDim / 2)
                    throw fault("rope_scaling", "There must be a divisor for every pair of a head's elements.", $"{divided.Divisors.Count}", $"{c.HeadDim / 2}");
                foreach (float divisor in divided.Divisors)
                    if (!(divisor > 1e-6f && divisor < 1e6f)) throw fault("rope_scaling", "A frequency's divisor is out of range.", $"{divisor}", "1e-6 … 1e6");
                break;
        }

        void Factor(double factor)
        {
            if (!(factor >= 1 && factor <= 1e6)) throw fault("rope_scaling", "The factor is out of range.", $"{factor}", "1 … 1e6");
        }

        void Original(int length)
        {
            if (length is < 1 or > MaxContext) throw fault("rope_scaling", "The original context length is out of range.", $"{length}", $"1 … {MaxContext}");
        }
    }
}
