using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Switchyard.Tensor;

namespace Switchyard.Model.Files.Conversion;

/// <summary>A configuration as GGUF metadata, and what of it lies in tensors.</summary>
internal static class GgufModelMetadata
{
    /// <summary>Adds the keys of the model's shape.</summary>
    /// <exception cref="NotSupportedException">GGUF cannot express the configuration.</exception>
    public static void Add(GgufMetadata metadata, ModelConfig config, string name, DType stored)
    {
        string architecture = Architecture(config);
        metadata.Add("general.architecture", GgufValue.Of(architecture));
        metadata.Add("general.name", GgufValue.Of(name));
        metadata.Add("general.file_type", GgufValue.Of(FileType(stored)));
        if (stored.IsBlockFormat()) metadata.Add("general.quantization_version", GgufValue.Of(2u));
        Count("block_count", config.LayerCount);
        Count("context_length", config.MaxPositionEmbeddings);
        Count("embedding_length", config.HiddenSize);
        Count("feed_forward_length", config.IntermediateSize);
        Count("attention.head_count", config.HeadCount);
        Count("attention.head_count_kv", config.KvHeadCount);
        Count("attention.key_length", config.HeadDim);
        Count("attention.value_length", config.HeadDim);
        Count("rope.dimension_count", config.HeadDim);
        Count("vocab_size", config.VocabSize);
        metadata.Add($"{architecture}.attention.layer_norm_rms_epsilon", GgufValue.Of(config.RmsNormEps));
        AddTheta(metadata, $"{architecture}.rope.freq_base", config);
        if (config.SlidingWindow is { } window)
        {
            Count("attention.sliding_window", window);
            if (config.WindowFromLayer > 0) metadata.Add(GgufKeys.WindowFromLayer, GgufValue.Of((uint)config.WindowFromLayer));
        }
        AddScaling(metadata, architecture, config);

        void Count(string key, int value) => metadata.Add($"{architecture}.{key}", GgufValue.Of((uint)value));
    }

    /// <summary>The divisors of rope_freqs.weight that a scaling needs, or null.</summary>
    public static float[]? Divisors(ModelConfig config)
    {
        if (config.RopeScaling is RopeScaling.Divided divided) return [.. divided.Divisors];
        if (config.RopeScaling is not RopeScaling.Llama3) return null;
        double[] plain = RopeFrequencies.Compute(config with { RopeScaling = null }, config.MaxPositionEmbeddings).Frequencies;
        double[] scaled = RopeFrequencies.Compute(config, config.MaxPositionEmbeddings).Frequencies;
        return [.. plain.Zip(scaled, (a, b) => (float)(a / b))];
    }

    private static string Architecture(ModelConfig config)
    {
        if (config.Family is ModelFamily.Mistral) return "llama";
        return config.Family.ToString().ToLower(CultureInfo.InvariantCulture);
    }

    private static void AddTheta(GgufMetadata metadata, string key, ModelConfig config)
    {
        if ((float)config.RopeTheta != config.RopeTheta) throw new NotSupportedException($"rope_theta {config.RopeTheta} is no float32, as GGUF stores it.");
        metadata.Add(key, GgufValue.Of((float)config.RopeTheta));
    }

    private static void AddScaling(GgufMetadata metadata, string architecture, ModelConfig config)
    {
        string prefix = $"{architecture}.rope.scaling.";
        switch (config.RopeScaling)
        {
            case null or RopeScaling.Divided:
                return;
            case RopeScaling.Linear linear:
                metadata.Add(prefix + "type", GgufValue.Of("linear"));
                metadata.Add(prefix + "factor", GgufValue.Of((float)linear.Factor));
                break;
            case RopeScaling.Yarn yarn:
                if (!yarn.Truncate) throw new NotSupportedException("GGUF cannot express YaRN with truncate false.");
                metadata.Add(prefix + "type", GgufValue.Of("yarn"));
                metadata.Add(prefix + "factor", GgufValue.Of((float)yarn.Factor));
                metadata.Add(prefix + "original_context_length", GgufValue.Of((uint)yarn.OriginalMaxPositionEmbeddings));
                metadata.Add(prefix + "yarn_beta_fast", GgufValue.Of((float)yarn.BetaFast));
                metadata.Add(prefix + "yarn_beta_slow", GgufValue.Of((float)yarn.BetaSlow));
                if (yarn.AttentionFactor is { } attention)
                    metadata.Add(prefix + "yarn_attn_factor", GgufValue.Of((float)(attention / (0.1 * CanonicalMath.Log(yarn.Factor) + 1))));
                break;
        }
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer)) RopeScalingFields.Write(json, config.RopeScaling);
        metadata.Add(GgufKeys.RopeScaling, GgufValue.Of(Encoding.UTF8.GetString(buffer.WrittenSpan)));
    }

    private static uint FileType(DType stored) => stored switch
    {
        DType.F32 => 0,
        DType.F16 => 1,
        DType.Q4_0 => 2,
        DType.Q8_0 => 7,
        _ => 32,
    };
}
