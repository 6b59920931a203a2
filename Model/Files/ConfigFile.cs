using System.Globalization;
using System.Text.Json;
using Switchyard.Tensor;

namespace Switchyard.Model.Files;

/// <summary>Reads and writes config.json of the supported families.</summary>
public static class ConfigFile
{
    private const string Architectures = "LlamaForCausalLM, MistralForCausalLM, Qwen2ForCausalLM, Qwen3ForCausalLM";

    /// <summary>Fields that change what the model computes and that no supported family has.</summary>
    private static readonly string[] Refused =
    [
        "num_experts", "num_local_experts", "n_routed_experts", "moe_intermediate_size", "attn_logit_softcapping", "final_logit_softcapping",
        "logit_scale", "logits_scaling", "embedding_multiplier", "residual_multiplier", "attention_multiplier", "query_pre_attn_scalar",
        "no_rope_layers", "q_lora_rank", "kv_lora_rank", "cross_attention_layers", "vision_config", "quantization_config",
    ];

    /// <summary>Reads a configuration, and what ends a text also from generation_config.json beside it.</summary>
    /// <param name="path">config.json, or the folder that holds it.</param>
    /// <exception cref="ModelFormatException">The model is not supported, or a field is missing or makes no sense.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static ModelConfig Read(string path)
    {
        if (Directory.Exists(path)) path = Path.Combine(path, "config.json");
        using JsonDocument document = JsonFile.Read(path);
        var fields = new JsonFields(document.RootElement, path);
        ModelFamily family = Family(fields);
        RefuseUnsupported(fields);
        ModelConfig config = ReadShape(fields, family);
        config = ReadRotations(fields, WithWindow(fields, config));
        List<int> ends = fields.IntOrList("eos_token_id");
        int? begin = fields.IntOrList("bos_token_id") is [int first, ..] ? first : null;
        string generation = Path.Combine(Path.GetDirectoryName(path) ?? "", "generation_config.json");
        if (File.Exists(generation))
        {
            using JsonDocument more = JsonFile.Read(generation);
            var other = new JsonFields(more.RootElement, generation);
            ends.AddRange(other.IntOrList("eos_token_id"));
            begin ??= other.IntOrList("bos_token_id") is [int id, ..] ? id : null;
        }
        return ConfigChecks.Check(config with { BosTokenId = begin, EosTokenIds = [.. ends.Distinct()] }, path, name => name);
    }

    /// <summary>Writes a config.json that <see cref="Read"/>, and others, read back as the same configuration.</summary>
    /// <exception cref="NotSupportedException">config.json cannot express the configuration.</exception>
    public static void Write(string path, ModelConfig config, DType stored = DType.F32)
    {
        ArgumentNullException.ThrowIfNull(config);
        WholeFile.Write(path, stream =>
        {
            using var json = new Utf8JsonWriter(stream, new JsonWriterOptions { Indented = true });
            json.WriteStartObject();
            WriteShape(json, config);
            if (config.RopeScaling is { } scaling)
            {
                json.WritePropertyName("rope_scaling");
                RopeScalingFields.Write(json, scaling);
            }
            WriteWindow(json, config);
            WriteTokens(json, config);
            json.WriteString("torch_dtype", stored switch { DType.F16 => "float16", DType.BF16 => "bfloat16", _ => "float32" });
            json.WriteEndObject();
        });
    }

    private static ModelFamily Family(JsonFields fields)
    {
        List<string>? architectures = fields.Strings("architectures");
        string? type = fields.String("model_type");
        if (architectures is [string one])
        {
            ModelFamily? family = one switch
            {
                "LlamaForCausalLM" => ModelFamily.Llama,
                "MistralForCausalLM" => ModelFamily.Mistral,
                "Qwen2ForCausalLM" => ModelFamily.Qwen2,
                "Qwen3ForCausalLM" => ModelFamily.Qwen3,
                _ => null,
            };
            if (family is { } known && (type is null || FromType(type) == known)) return known;
        }
        else if (architectures is null or [] && type is not null && FromType(type) is { } family)
        {
            return family;
        }
        if (architectures is null or [] && type is null) throw fields.Fault("architectures", "The file names no architecture.", null, Architectures);
        string field = architectures is null or [] ? "model_type" : "architectures";
        throw fields.Fault(field, $"The architecture is not supported{(type is null ? "" : $" (model_type {type})")}.", fields.Value(field), Architectures);
    }

    private static ModelFamily? FromType(string type) => type switch
    {
        "llama" => ModelFamily.Llama,
        "mistral" => ModelFamily.Mistral,
        "qwen2" => ModelFamily.Qwen2,
        "qwen3" => ModelFamily.Qwen3,
        _ => null,
    };

    private static void RefuseUnsupported(JsonFields fields)
    {
        foreach (string name in Refused)
        {
            if (fields.Value(name) is not { } value || value.ValueKind == JsonValueKind.False) continue;
            if (value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out double number) && number is 0 or 1) continue;
            if (value.ValueKind == JsonValueKind.Array && value.GetArrayLength() == 0) continue;
            throw fields.Fault(name, "The model needs something that is not supported.", value, "plain dense models in F32, F16 or BF16, or GGUF files for quantised ones");
        }
        if (fields.String("hidden_act") is { } activation && activation is not ("silu" or "swish"))
            throw fields.Fault("hidden_act", "The activation is not supported.", fields.Value("hidden_act"), "silu");
        if (fields.Double("partial_rotary_factor") is { } part && part != 1)
            throw fields.Fault("partial_rotary_factor", "Rotating part of a head is not supported.", fields.Value("partial_rotary_factor"), "1");
    }

    private static ModelConfig ReadShape(JsonFields fields, ModelFamily family)
    {
        int hidden = fields.RequiredInt("hidden_size"), heads = fields.RequiredInt("num_attention_heads");
        if (heads <= 0) throw fields.Fault("num_attention_heads", "The number is out of range.", fields.Value("num_attention_heads"), "1 or more");
        int? headDim = fields.Int("head_dim") ?? (family == ModelFamily.Qwen3 ? 128 : null);
        if (headDim is null && hidden % heads != 0)
            throw fields.Fault("num_attention_heads", $"hidden_size {hidden} does not divide into heads, and there is no head_dim.", fields.Value("num_attention_heads"));
        bool bias = (fields.Bool("attention_bias") ?? false) && family is ModelFamily.Llama or ModelFamily.Qwen3;
        return new ModelConfig
        {
            Family = family,
            VocabSize = fields.RequiredInt("vocab_size"),
            HiddenSize = hidden,
            IntermediateSize = fields.RequiredInt("intermediate_size"),
            LayerCount = fields.RequiredInt("num_hidden_layers"),
            HeadCount = heads,
            KvHeadCount = fields.Int("num_key_value_heads") ?? heads,
            HeadDim = headDim ?? hidden / heads,
            MaxPositionEmbeddings = fields.RequiredInt("max_position_embeddings"),
            RmsNormEps = (float)(fields.Double("rms_norm_eps") ?? 1e-6),
            TieWordEmbeddings = fields.Bool("tie_word_embeddings") ?? false,
            QkvBias = bias || family == ModelFamily.Qwen2,
            AttentionOutputBias = bias,
            MlpBias = family == ModelFamily.Llama && (fields.Bool("mlp_bias") ?? false),
            QkNorm = family == ModelFamily.Qwen3,
        };
    }

    private static ModelConfig ReadRotations(JsonFields fields, ModelConfig config)
    {
        JsonFields? parameters = fields.Object("rope_parameters"), scaling = fields.Object("rope_scaling");
        if (parameters?.Double("partial_rotary_factor") is { } part && part != 1)
            throw parameters.Value.Fault("partial_rotary_factor", "Rotating part of a head is not supported.", parameters.Value.Value("partial_rotary_factor"), "1");
        JsonFields? read = parameters ?? scaling;
        return config with
        {
            RopeTheta = parameters?.Double("rope_theta") ?? fields.Double("rope_theta") ?? 10000,
            RopeScaling = read is { } given ? RopeScalingFields.Read(given, config.MaxPositionEmbeddings) : null,
        };
    }

    private static ModelConfig WithWindow(JsonFields fields, ModelConfig config)
    {
        if (config.Family == ModelFamily.Llama) return config;
        int? window = fields.Has("sliding_window") ? fields.Int("sliding_window") : 4096; // the families' default, unlike an explicit null
        int from = 0;
        if (config.Family != ModelFamily.Mistral)
        {
            if (!(fields.Bool("use_sliding_window") ?? false)) window = null;
            from = fields.Int("max_window_layers") ?? 28;
            if (from < 0) throw fields.Fault("max_window_layers", "The number is out of range.", fields.Value("max_window_layers"), "0 or more");
        }
        if (fields.Strings("layer_types") is { } types) (window, from) = FromLayerTypes(fields, types, window, config.LayerCount);
        if (window is null || from >= config.LayerCount) return config;
        return config with { SlidingWindow = window, WindowFromLayer = from };
    }

    /// <summary>A list of kinds, one a layer; layers with a window must come after those without.</summary>
    private static (int? Window, int From) FromLayerTypes(JsonFields fields, List<string> types, int? window, int layers)
    {
        int from = types.IndexOf("sliding_attention") is var first && first >= 0 ? first : types.Count;
        bool plain = types.Count == layers;
        for (int i = 0; i < types.Count; i++) plain &= types[i] == (i < from ? "full_attention" : "sliding_attention");
        if (!plain || (from < types.Count && window is null))
            throw fields.Fault("layer_types", "The pattern of layers is not supported.", fields.Value("layer_types"), $"{layers} entries, full_attention first, then sliding_attention with a sliding_window");
        return (window, from);
    }

    private static void WriteShape(Utf8JsonWriter json, ModelConfig c)
    {
        bool biased = c.QkvBias && c.Family != ModelFamily.Qwen2;
        if ((c.Family == ModelFamily.Qwen2) != (c.QkvBias && !c.AttentionOutputBias) || c.QkNorm != (c.Family == ModelFamily.Qwen3)
            || (biased && c.Family == ModelFamily.Mistral) || biased != c.AttentionOutputBias || (c.MlpBias && c.Family != ModelFamily.Llama))
            throw new NotSupportedException($"config.json of {c.Family} cannot express these biases and norms.");
        json.WriteStartArray("architectures");
        json.WriteStringValue($"{c.Family}ForCausalLM");
        json.WriteEndArray();
        json.WriteString("model_type", c.Family.ToString().ToLowerInvariant());
        json.WriteNumber("hidden_size", c.HiddenSize);
        json.WriteNumber("intermediate_size", c.IntermediateSize);
        json.WriteNumber("num_hidden_layers", c.LayerCount);
        json.WriteNumber("num_attention_heads", c.HeadCount);
        json.WriteNumber("num_key_value_heads", c.KvHeadCount);
        json.WriteNumber("head_dim", c.HeadDim);
        json.WriteNumber("vocab_size", c.VocabSize);
        json.WriteNumber("max_position_embeddings", c.MaxPositionEmbeddings);
        json.WritePropertyName("rms_norm_eps");
        json.WriteRawValue(c.RmsNormEps.ToString("R", CultureInfo.InvariantCulture)); // the shortest decimal that reads back as the same float32
        json.WriteNumber("rope_theta", c.RopeTheta);
        json.WriteString("hidden_act", "silu");
        json.WriteBoolean("tie_word_embeddings", c.TieWordEmbeddings);
        json.WriteBoolean("attention_bias", biased);
        json.WriteBoolean("mlp_bias", c.MlpBias);
    }

    private static void WriteWindow(Utf8JsonWriter json, ModelConfig c)
    {
        bool choice = c.Family is ModelFamily.Qwen2 or ModelFamily.Qwen3;
        if (c.SlidingWindow is not null && (c.Family == ModelFamily.Llama || (!choice && c.WindowFromLayer > 0)))
            throw new NotSupportedException($"config.json of {c.Family} cannot express this sliding window.");
        if (choice) json.WriteBoolean("use_sliding_window", c.SlidingWindow is not null);
        if (choice && c.SlidingWindow is not null) json.WriteNumber("max_window_layers", c.WindowFromLayer);
        if (c.SlidingWindow is { } window) json.WriteNumber("sliding_window", window);
        else if (c.Family == ModelFamily.Mistral) json.WriteNull("sliding_window"); // absent would mean the family's default elsewhere
    }

    private static void WriteTokens(Utf8JsonWriter json, ModelConfig c)
    {
        if (c.BosTokenId is { } bos) json.WriteNumber("bos_token_id", bos);
        else json.WriteNull("bos_token_id");
        if (c.EosTokenIds.Count == 1)
        {
            json.WriteNumber("eos_token_id", c.EosTokenIds[0]);
            return;
        }
        json.WriteStartArray("eos_token_id");
        foreach (int id in c.EosTokenIds) json.WriteNumberValue(id);
        json.WriteEndArray();
    }
}
