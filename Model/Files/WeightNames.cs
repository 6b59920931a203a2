using System.Globalization;

namespace Switchyard.Model.Files;

/// <summary>What tensors are called in one kind of file.</summary>
public sealed class WeightNames
{
    private readonly string _layers;
    private readonly Dictionary<WeightRole, string> _names;
    private readonly Dictionary<string, WeightRole> _roles;
    private readonly string[] _ignored;

    private WeightNames(string layers, Dictionary<WeightRole, string> names, string[] ignored)
    {
        (_layers, _names, _ignored) = (layers, names, ignored);
        _roles = names.ToDictionary(pair => pair.Value, pair => pair.Key, StringComparer.Ordinal);
    }

    /// <summary>Names in Hugging Face folders.</summary>
    public static WeightNames HuggingFace { get; } = new("model.layers.", new()
    {
        [WeightRole.Embedding] = "model.embed_tokens.weight",
        [WeightRole.FinalNorm] = "model.norm.weight",
        [WeightRole.Head] = "lm_head.weight",
        [WeightRole.AttentionNorm] = "input_layernorm.weight",
        [WeightRole.Query] = "self_attn.q_proj.weight",
        [WeightRole.Key] = "self_attn.k_proj.weight",
        [WeightRole.Value] = "self_attn.v_proj.weight",
        [WeightRole.Output] = "self_attn.o_proj.weight",
        [WeightRole.FeedForwardNorm] = "post_attention_layernorm.weight",
        [WeightRole.Gate] = "mlp.gate_proj.weight",
        [WeightRole.Up] = "mlp.up_proj.weight",
        [WeightRole.Down] = "mlp.down_proj.weight",
        [WeightRole.QueryBias] = "self_attn.q_proj.bias",
        [WeightRole.KeyBias] = "self_attn.k_proj.bias",
        [WeightRole.ValueBias] = "self_attn.v_proj.bias",
        [WeightRole.OutputBias] = "self_attn.o_proj.bias",
        [WeightRole.GateBias] = "mlp.gate_proj.bias",
        [WeightRole.UpBias] = "mlp.up_proj.bias",
        [WeightRole.DownBias] = "mlp.down_proj.bias",
        [WeightRole.QueryNorm] = "self_attn.q_norm.weight",
        [WeightRole.KeyNorm] = "self_attn.k_norm.weight",
    }, ["rotary_emb.inv_freq"]);

    /// <summary>Names in GGUF files.</summary>
    public static WeightNames Gguf { get; } = new("blk.", new()
    {
        [WeightRole.Embedding] = "token_embd.weight",
        [WeightRole.FinalNorm] = "output_norm.weight",
        [WeightRole.Head] = "output.weight",
        [WeightRole.AttentionNorm] = "attn_norm.weight",
        [WeightRole.Query] = "attn_q.weight",
        [WeightRole.Key] = "attn_k.weight",
        [WeightRole.Value] = "attn_v.weight",
        [WeightRole.Output] = "attn_output.weight",
        [WeightRole.FeedForwardNorm] = "ffn_norm.weight",
        [WeightRole.Gate] = "ffn_gate.weight",
        [WeightRole.Up] = "ffn_up.weight",
        [WeightRole.Down] = "ffn_down.weight",
        [WeightRole.QueryBias] = "attn_q.bias",
        [WeightRole.KeyBias] = "attn_k.bias",
        [WeightRole.ValueBias] = "attn_v.bias",
        [WeightRole.OutputBias] = "attn_output.bias",
        [WeightRole.GateBias] = "ffn_gate.bias",
        [WeightRole.UpBias] = "ffn_up.bias",
        [WeightRole.DownBias] = "ffn_down.bias",
        [WeightRole.QueryNorm] = "attn_q_norm.weight",
        [WeightRole.KeyNorm] = "attn_k_norm.weight",
    }, ["rope_freqs.weight", "attn_rot_embd.weight"]);

    /// <summary>What a tensor is called.</summary>
    public string NameOf(WeightId id) =>
        id.IsGlobal ? _names[id.Role] : string.Create(CultureInfo.InvariantCulture, $"{_layers}{id.Layer}.{_names[id.Role]}");

    /// <summary>What a name stands for; null for names that no supported model has.</summary>
    public WeightId? Parse(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        if (!name.StartsWith(_layers, StringComparison.Ordinal))
            return _roles.TryGetValue(name, out WeightRole role) && new WeightId(role).IsGlobal ? new WeightId(role) : null;
        ReadOnlySpan<char> rest = name.AsSpan(_layers.Length);
        int dot = rest.IndexOf('.');
        if (dot is < 1 or > 6 || !int.TryParse(rest[..dot], NumberStyles.None, CultureInfo.InvariantCulture, out int layer)) return null;
        if (dot > 1 && rest[0] == '0') return null; // one spelling of a number, or two names could mean one tensor
        return _roles.TryGetValue(rest[(dot + 1)..].ToString(), out WeightRole inBlock) && !new WeightId(inBlock).IsGlobal ? new WeightId(inBlock, layer) : null;
    }

    /// <summary>True for tensors that say nothing the configuration does not, or that are read elsewhere.</summary>
    public bool IsIgnored(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        return Array.Exists(_ignored, end => name.EndsWith(end, StringComparison.Ordinal));
    }
}
