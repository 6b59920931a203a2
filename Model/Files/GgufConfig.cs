using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using Switchyard.Tensor;

namespace Switchyard.Model.Files;

/// <summary>Reads a <see cref="ModelConfig"/> out of a GGUF file.</summary>
internal sealed class GgufConfig
{
    private const string Architectures = "llama, qwen2, qwen3";

    /// <summary>Texts of control tokens after which a model has said all; files often name only one of them.</summary>
    private static readonly HashSet<string> Ends = new(StringComparer.Ordinal)
    {
        "<|eot_id|>", "<|eom_id|>", "<|end_of_text|>", "<|im_end|>", "<|endoftext|>", "<|end|>", "</s>", "<EOT>",
    };

    private readonly GgufFile _file;
    private readonly GgufMetadata _metadata;
    private readonly string _architecture;

    private GgufConfig(GgufFile file, string architecture) => (_file, _metadata, _architecture) = (file, file.Metadata, architecture);

    /// <summary>Reads and checks the configuration.</summary>
    public static ModelConfig Read(GgufFile file)
    {
        string architecture = file.Metadata.Text("general.architecture")
            ?? throw new ModelFormatException("The file names no architecture.", file.Path, "general.architecture", null, null, Architectures);
        ModelFamily family = architecture switch
        {
            "llama" => ModelFamily.Llama,
            "qwen2" => ModelFamily.Qwen2,
            "qwen3" => ModelFamily.Qwen3,
            _ => throw new ModelFormatException("The architecture is not supported.", file.Path, "general.architecture", null, architecture, Architectures),
        };
        var reader = new GgufConfig(file, architecture);
        return ConfigChecks.Check(reader.WithTokens(reader.WithRotations(reader.ReadShape(family))), file.Path, reader.KeyOf);
    }

    private ModelConfig ReadShape(ModelFamily family)
    {
        foreach (string key in new[] { "expert_count", "attention.logit_softcapping", "logit_scale", "residual_scale", "embedding_scale" })
            if (_metadata.Number(Key(key)) is { } value && value != 0)
                throw new ModelFormatException("The model needs something that is not supported.", _file.Path, Key(key), null, $"{value}", "plain dense models");
        int hidden = _metadata.RequiredCount(Key("embedding_length")), heads = Same("attention.head_count") ?? throw Missing("attention.head_count");
        if (heads == 0 || (_metadata[Key("attention.key_length")] is null && hidden % heads != 0))
            throw new ModelFormatException("embedding_length does not divide into heads.", _file.Path, Key("attention.head_count"), null, $"{heads} heads, {hidden} elements");
        int headDim = _metadata.Count(Key("attention.key_length")) ?? hidden / heads;
        RequireSame("attention.value_length", headDim);
        RequireSame("rope.dimension_count", headDim);
        bool window = _metadata.Count(Key("attention.sliding_window")) is > 0;
        return new ModelConfig
        {
            Family = window && family == ModelFamily.Llama ? ModelFamily.Mistral : family,
            VocabSize = Embedding().Shape[0],
            HiddenSize = hidden,
            IntermediateSize = Same("feed_forward_length") ?? throw Missing("feed_forward_length"),
            LayerCount = _metadata.RequiredCount(Key("block_count")),
            HeadCount = heads,
            KvHeadCount = Same("attention.head_count_kv") ?? heads,
            HeadDim = headDim,
            MaxPositionEmbeddings = _metadata.RequiredCount(Key("context_length")),
            RmsNormEps = (float)(_metadata.Number(Key("attention.layer_norm_rms_epsilon")) ?? throw Missing("attention.layer_norm_rms_epsilon")),
            TieWordEmbeddings = !_file.Entries.ContainsKey("output.weight"),
            QkvBias = _file.Entries.ContainsKey("blk.0.attn_q.bias"),
            AttentionOutputBias = _file.Entries.ContainsKey("blk.0.attn_output.bias"),
            MlpBias = _file.Entries.ContainsKey("blk.0.ffn_gate.bias"),
            QkNorm = family == ModelFamily.Qwen3,
            SlidingWindow = window ? _metadata.Count(Key("attention.sliding_window")) : null,
            WindowFromLayer = window ? _metadata.Count(GgufKeys.WindowFromLayer) ?? 0 : 0,
        };
    }

    private WeightEntry Embedding()
    {
        if (!_file.Entries.TryGetValue("token_embd.weight", out WeightEntry? entry))
            throw new ModelFormatException("The tensor is missing. A file with a vocabulary only is not a model.", _file.Path, "token_embd.weight");
        return entry.Shape.Count == 2 ? entry : throw new ModelFormatException("The embedding table needs two dimensions.", _file.Path, entry.Name, entry.Offset, entry.ShapeText);
    }

    private ModelConfig WithRotations(ModelConfig c)
    {
        RopeScaling? scaling = ReadScaling(c.MaxPositionEmbeddings), divided = ReadDivisors(c.HeadDim);
        if (divided is not null && scaling is not null)
            throw new ModelFormatException("Both a scaling and divisors per frequency are given.", _file.Path, Key("rope.scaling.type"), null, _metadata.Text(Key("rope.scaling.type")), "one of them");
        c = c with { RopeTheta = _metadata.Number(Key("rope.freq_base")) ?? 10000, RopeScaling = scaling ?? divided };
        return _metadata.Text(GgufKeys.RopeScaling) is { } original ? WithOriginalScaling(c, original) : c;
    }

    /// <summary>What config.json said, if it means what the file's own keys mean.</summary>
    private ModelConfig WithOriginalScaling(ModelConfig c, string original)
    {
        using JsonDocument document = JsonFile.Parse(Encoding.UTF8.GetBytes(original), _file.Path, maxDepth: 4);
        var fields = new JsonFields(document.RootElement, _file.Path, GgufKeys.RopeScaling + ".");
        ModelConfig named = c with { RopeScaling = RopeScalingFields.Read(fields, c.MaxPositionEmbeddings) };
        ConfigChecks.Check(named, _file.Path, KeyOf);
        ConfigChecks.Check(c, _file.Path, KeyOf);
        (double[] frequencies, double attention) = RopeFrequencies.Compute(c, c.MaxPositionEmbeddings);
        (double[] wanted, double wantedAttention) = RopeFrequencies.Compute(named, c.MaxPositionEmbeddings);
        bool same = Math.Abs(attention / wantedAttention - 1) < 1e-5;
        for (int i = 0; i < wanted.Length; i++) same &= Math.Abs(frequencies[i] / wanted[i] - 1) < 1e-5;
        return same ? named : throw new ModelFormatException("The scaling disagrees with the file's other keys.", _file.Path, GgufKeys.RopeScaling, null, original);
    }

    private RopeScaling? ReadScaling(int contextLength)
    {
        double factor = _metadata.Number(Key("rope.scaling.factor")) ?? _metadata.Number(Key("rope.scale_linear")) ?? 1;
        string kind = _metadata.Text(Key("rope.scaling.type")) ?? (factor > 1 ? "linear" : "none");
        switch (kind)
        {
            case "none":
                return null;
            case "linear":
                return factor == 1 ? null : new RopeScaling.Linear(factor);
            case "yarn":
                int original = _metadata.Count(Key("rope.scaling.original_context_length")) ?? contextLength;
                if (_metadata.Number(Key("rope.scaling.yarn_ext_factor")) is { } mix && mix != 1)
                    throw new ModelFormatException("The mix of YaRN is not supported.", _file.Path, Key("rope.scaling.yarn_ext_factor"), null, $"{mix}", "1");
                double? attention = _metadata.Number(Key("rope.scaling.yarn_attn_factor")) ?? _metadata.Number(Key("rope.scaling.attn_factor"));
                if (attention == 1) attention = null;
                if (factor > 0) attention *= 0.1 * CanonicalMath.Log(factor) + 1; // the file's factor multiplies the usual one
                return new RopeScaling.Yarn(
                    factor, original, _metadata.Number(Key("rope.scaling.yarn_beta_fast")) ?? 32, _metadata.Number(Key("rope.scaling.yarn_beta_slow")) ?? 1, attention);
            default:
                throw new ModelFormatException("The kind of rotary scaling is not supported.", _file.Path, Key("rope.scaling.type"), null, kind, "none, linear, yarn");
        }
    }

    private RopeScaling.Divided? ReadDivisors(int headDim)
    {
        if (!_file.Entries.TryGetValue("rope_freqs.weight", out WeightEntry? entry)) return null;
        if (entry.DType != DType.F32 || entry.Shape is not [int count] || count != headDim / 2)
            throw new ModelFormatException("The divisors of the rotary frequencies have another shape.", _file.Path, entry.Name, entry.Offset, $"{entry.DType} {entry.ShapeText}", $"F32 [{headDim / 2}]");
        using TensorData data = _file.Open(entry);
        float[] divisors = new float[count];
        data.ReadRow(0, MemoryMarshal.AsBytes(divisors.AsSpan()));
        return Array.TrueForAll(divisors, d => d == 1) ? null : new RopeScaling.Divided(divisors);
    }

    private ModelConfig WithTokens(ModelConfig c)
    {
        if (_metadata["tokenizer.ggml.tokens"] is { Type: GgufType.Array } list && list.Count > c.VocabSize)
            throw new ModelFormatException("The tokenizer has more tokens than the embedding has rows.", _file.Path, "tokenizer.ggml.tokens", list.Offset, $"{list.Count}", $"up to {c.VocabSize}");
        int? begin = Token("tokenizer.ggml.bos_token_id");
        if (_metadata.Ints(GgufKeys.EndTokens) is { } given) return c with { BosTokenId = begin, EosTokenIds = given };
        var ends = new List<int>();
        foreach (string key in new[] { "eos_token_id", "eot_token_id", "eom_token_id" })
            if (Token("tokenizer.ggml." + key) is { } id) ends.Add(id);
        if (_metadata.Texts("tokenizer.ggml.tokens") is { } tokens && _metadata.Ints("tokenizer.ggml.token_type") is { } kinds)
        {
            const int Control = 3;
            int count = Math.Min(tokens.Length, kinds.Length);
            for (int id = 0; id < count; id++)
                if (kinds[id] == Control && Ends.Contains(tokens[id])) ends.Add(id);
        }
        return c with { BosTokenId = begin, EosTokenIds = [.. ends.Distinct()] };
    }

    /// <summary>Some writers store "none" as the largest number.</summary>
    private int? Token(string key) => _metadata.Int(key) is { } id and not uint.MaxValue and not -1 ? (int)Math.Clamp(id, -2, int.MaxValue) : null;

    /// <summary>A count, or a list of equal counts, one a layer.</summary>
    private int? Same(string key)
    {
        if (_metadata[Key(key)] is not { Type: GgufType.Array }) return _metadata.Count(Key(key));
        int[] values = _metadata.Ints(Key(key))!;
        int layers = _metadata.RequiredCount(Key("block_count"));
        if (values.Length != layers)
            throw new ModelFormatException("The list is not as long as the model has layers.", _file.Path, Key(key), null, $"{values.Length}", $"{layers}");
        if (Array.Exists(values, v => v != values[0]))
            throw new ModelFormatException("Layers of different shapes are not supported.", _file.Path, Key(key), null, $"{values.Distinct().Count()} different numbers", "one number");
        return values[0];
    }

    private void RequireSame(string key, int headDim)
    {
        if (_metadata.Count(Key(key)) is { } value && value != headDim)
            throw new ModelFormatException("The number must equal the size of a head.", _file.Path, Key(key), null, $"{value}", $"{headDim}");
    }

    private ModelFormatException Missing(string key) => new("The key is missing.", _file.Path, Key(key));

    private string Key(string name) => $"{_architecture}.{name}";

    private string KeyOf(string field) => field switch
    {
        "vocab_size" => "token_embd.weight",
        "hidden_size" => Key("embedding_length"),
        "intermediate_size" => Key("feed_forward_length"),
        "num_hidden_layers" => Key("block_count"),
        "num_attention_heads" => Key("attention.head_count"),
        "num_key_value_heads" => Key("attention.head_count_kv"),
        "head_dim" => Key("attention.key_length"),
        "max_position_embeddings" => Key("context_length"),
        "rms_norm_eps" => Key("attention.layer_norm_rms_epsilon"),
        "rope_theta" => Key("rope.freq_base"),
        "rope_scaling" => Key("rope.scaling"),
        "sliding_window" => Key("attention.sliding_window"),
        _ => "tokenizer.ggml." + field,
    };
}
