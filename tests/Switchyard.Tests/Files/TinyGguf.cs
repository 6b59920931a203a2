using Switchyard.Model.Files;

namespace Switchyard.Tests.Files;

/// <summary>A llama of one layer, 32 wide, with 4 query and 2 key-value heads of 8, feed-forward 48 and 16 tokens.</summary>
internal static class TinyGguf
{
    public static GgufMetadata Metadata()
    {
        var metadata = new GgufMetadata("tiny.gguf");
        metadata.Add("general.architecture", GgufValue.Of("llama"));
        metadata.Add("llama.block_count", GgufValue.Of(1u));
        metadata.Add("llama.context_length", GgufValue.Of(64u));
        metadata.Add("llama.embedding_length", GgufValue.Of(32u));
        metadata.Add("llama.feed_forward_length", GgufValue.Of(48u));
        metadata.Add("llama.attention.head_count", GgufValue.Of(4u));
        metadata.Add("llama.attention.head_count_kv", GgufValue.Of(2u));
        metadata.Add("llama.attention.layer_norm_rms_epsilon", GgufValue.Of(1e-5f));
        metadata.Add("tokenizer.ggml.eos_token_id", GgufValue.Of(1u));
        return metadata;
    }

    public static IEnumerable<TensorSource> Tensors(string? notANumber = null)
    {
        var random = new Random(5);
        foreach ((string name, int[] shape) in new (string, int[])[]
        {
            ("token_embd.weight", [16, 32]), ("blk.0.attn_norm.weight", [32]), ("blk.0.attn_q.weight", [32, 32]), ("blk.0.attn_k.weight", [16, 32]),
            ("blk.0.attn_v.weight", [16, 32]), ("blk.0.attn_output.weight", [32, 32]), ("blk.0.ffn_norm.weight", [32]),
            ("blk.0.ffn_gate.weight", [48, 32]), ("blk.0.ffn_up.weight", [48, 32]), ("blk.0.ffn_down.weight", [32, 48]), ("output_norm.weight", [32]),
        })
        {
            float[] values = new float[shape.Aggregate(1, (a, b) => a * b)];
            for (int i = 0; i < values.Length; i++) values[i] = (float)random.NextDouble() - 0.5f;
            if (name == notANumber) values[^1] = float.NaN;
            yield return TensorSource.FromFloats(name, shape, values);
        }
    }
}
