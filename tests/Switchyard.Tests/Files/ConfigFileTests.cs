using System.Text;
using System.Text.Json.Nodes;
using Switchyard.Model;
using Switchyard.Model.Files;
using Xunit;

namespace Switchyard.Tests.Files;

public sealed class ConfigFileTests : IDisposable
{
    private const string Llama = """
        {"architectures":["LlamaForCausalLM"],"model_type":"llama","hidden_size":64,"intermediate_size":160,"num_hidden_layers":3,
         "num_attention_heads":4,"num_key_value_heads":2,"vocab_size":4096,"max_position_embeddings":256,"rms_norm_eps":1e-05,
         "rope_theta":10000.0,"hidden_act":"silu","tie_word_embeddings":false,"bos_token_id":0,"eos_token_id":0}
        """;

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Fields_are_read_and_absent_ones_take_the_familys_default()
    {
        ModelConfig c = Read(Llama);
        Assert.Equal((ModelFamily.Llama, 4096, 64, 160, 3, 4, 2, 16, 256), (c.Family, c.VocabSize, c.HiddenSize, c.IntermediateSize, c.LayerCount, c.HeadCount, c.KvHeadCount, c.HeadDim, c.MaxPositionEmbeddings));
        Assert.Equal((1e-5f, 10000.0, false, false, false, false, false), (c.RmsNormEps, c.RopeTheta, c.TieWordEmbeddings, c.QkvBias, c.AttentionOutputBias, c.MlpBias, c.QkNorm));
        Assert.Null(c.RopeScaling);
        Assert.Null(c.SlidingWindow);
        Assert.Equal([0], c.EosTokenIds);
        Assert.Equal(4, Read(Llama, ("num_key_value_heads", "null")).KvHeadCount);
        Assert.Equal(32, Read(Llama, ("head_dim", "32")).HeadDim);
        Assert.Equal([1, 2], Read(Llama, ("eos_token_id", "[1,2,1]")).EosTokenIds);
        Assert.Empty(Read(Llama, ("eos_token_id", "null")).EosTokenIds);
        Assert.Equal(64, Read(Llama, ("hidden_size", "64.0")).HiddenSize);
        ModelConfig biased = Read(Llama, ("attention_bias", "true"), ("mlp_bias", "true"));
        Assert.True(biased.QkvBias && biased.AttentionOutputBias && biased.MlpBias);
        Assert.Equal(ModelFamily.Mistral, Read(Llama, ("architectures", "null"), ("model_type", "\"mistral\"")).Family);
    }

    [Fact]
    public void Generation_config_adds_tokens_that_end_a_text()
    {
        _folder.Write("generation_config.json", """{"eos_token_id":[7,0,9],"bos_token_id":5}""");
        Assert.Equal([0, 7, 9], Read(Llama).EosTokenIds);
        Assert.Equal(0, Read(Llama).BosTokenId);
        Assert.Equal(5, Read(Llama, ("bos_token_id", "null")).BosTokenId);
    }

    [Fact]
    public void Families_differ_where_they_should()
    {
        ModelConfig qwen2 = Read(Llama, ("architectures", "[\"Qwen2ForCausalLM\"]"), ("model_type", "\"qwen2\""), ("sliding_window", "32"), ("max_window_layers", "1"));
        Assert.True(qwen2.QkvBias && !qwen2.AttentionOutputBias && !qwen2.QkNorm);
        Assert.Null(qwen2.SlidingWindow);
        ModelConfig windowed = Read(Llama, ("architectures", "[\"Qwen2ForCausalLM\"]"), ("model_type", "\"qwen2\""), ("sliding_window", "32"), ("max_window_layers", "1"), ("use_sliding_window", "true"));
        Assert.Equal((0, 32, 32), (windowed.WindowOf(0), windowed.WindowOf(1), windowed.WindowOf(2)));
        ModelConfig qwen3 = Read(Llama, ("architectures", "[\"Qwen3ForCausalLM\"]"), ("model_type", "\"qwen3\""));
        Assert.True(qwen3.QkNorm && !qwen3.QkvBias);
        Assert.Equal(128, qwen3.HeadDim);
        Assert.Equal(8, Mistral(("sliding_window", "8")).WindowOf(0));
        Assert.Equal(0, Mistral(("sliding_window", "null")).WindowOf(0));
        Assert.Equal(4096, Mistral().SlidingWindow);
        ModelConfig layers = Read(Llama, ("architectures", "[\"Qwen3ForCausalLM\"]"), ("model_type", "\"qwen3\""), ("use_sliding_window", "true"), ("sliding_window", "16"), ("layer_types", """["full_attention","full_attention","sliding_attention"]"""));
        Assert.Equal((0, 0, 16), (layers.WindowOf(0), layers.WindowOf(1), layers.WindowOf(2)));

        ModelConfig Mistral(params (string, string)[] changes) => Read(Llama, [("architectures", "[\"MistralForCausalLM\"]"), ("model_type", "\"mistral\""), .. changes]);
    }

    [Fact]
    public void Rotary_scalings_are_read_in_old_and_new_form()
    {
        Assert.Equal(new RopeScaling.Linear(4), Read(Llama, ("rope_scaling", """{"type":"linear","factor":4}""")).RopeScaling);
        Assert.Equal(new RopeScaling.Dynamic(2), Read(Llama, ("rope_scaling", """{"rope_type":"dynamic","factor":2.0}""")).RopeScaling);
        Assert.Equal(new RopeScaling.Llama3(8, 1, 4, 32), Read(Llama, ("rope_scaling", """{"rope_type":"llama3","factor":8,"low_freq_factor":1,"high_freq_factor":4,"original_max_position_embeddings":32}""")).RopeScaling);
        Assert.Equal(new RopeScaling.Yarn(4, 64, 16, 2, 1.5, false), Read(Llama, ("rope_scaling", """{"type":"yarn","factor":4,"original_max_position_embeddings":64,"beta_fast":16,"beta_slow":2,"attention_factor":1.5,"truncate":false}""")).RopeScaling);
        Assert.Equal(new RopeScaling.Yarn(4, 256), Read(Llama, ("rope_scaling", """{"type":"yarn","factor":4}""")).RopeScaling);
        Assert.Null(Read(Llama, ("rope_scaling", """{"rope_type":"default"}""")).RopeScaling);
        ModelConfig modern = Read(Llama, ("rope_theta", "null"), ("rope_parameters", """{"rope_type":"linear","factor":3,"rope_theta":77777}"""));
        Assert.Equal((new RopeScaling.Linear(3), 77777.0), (modern.RopeScaling, modern.RopeTheta));
    }

    [Theory]
    [InlineData("architectures", "[\"GemmaForCausalLM\"]", "LlamaForCausalLM, MistralForCausalLM, Qwen2ForCausalLM, Qwen3ForCausalLM")]
    [InlineData("architectures", "[\"MixtralForCausalLM\"]", "MixtralForCausalLM")]
    [InlineData("architectures", "[\"LlamaForCausalLM\",\"X\"]", "not supported")]
    [InlineData("architectures", "\"LlamaForCausalLM\"", "list of texts")]
    [InlineData("model_type", "\"phi3\"", "phi3")]
    [InlineData("hidden_act", "\"gelu\"", "gelu")]
    [InlineData("quantization_config", """{"quant_method":"gptq"}""", "gptq")]
    [InlineData("num_local_experts", "8", "num_local_experts")]
    [InlineData("partial_rotary_factor", "0.5", "0.5")]
    [InlineData("hidden_size", "0", "hidden_size")]
    [InlineData("hidden_size", "-64", "hidden_size")]
    [InlineData("hidden_size", "1e30", "whole number")]
    [InlineData("hidden_size", "2147483647", "")]
    [InlineData("hidden_size", "\"64\"", "whole number")]
    [InlineData("hidden_size", "null", "missing")]
    [InlineData("hidden_size", "66", "does not divide")]
    [InlineData("vocab_size", "0", "vocab_size")]
    [InlineData("vocab_size", "99999999", "vocab_size")]
    [InlineData("num_hidden_layers", "1000000", "num_hidden_layers")]
    [InlineData("num_attention_heads", "0", "num_attention_heads")]
    [InlineData("num_key_value_heads", "3", "num_key_value_heads")]
    [InlineData("num_key_value_heads", "8", "num_key_value_heads")]
    [InlineData("head_dim", "15", "even")]
    [InlineData("head_dim", "0", "head_dim")]
    [InlineData("max_position_embeddings", "0", "max_position_embeddings")]
    [InlineData("rms_norm_eps", "0", "rms_norm_eps")]
    [InlineData("rms_norm_eps", "-1e-5", "rms_norm_eps")]
    [InlineData("rms_norm_eps", "1e-60", "rms_norm_eps")]
    [InlineData("rope_theta", "0", "rope_theta")]
    [InlineData("rope_theta", "1e400", "")]
    [InlineData("eos_token_id", "4096", "eos_token_id")]
    [InlineData("eos_token_id", "[0,-1]", "eos_token_id")]
    [InlineData("bos_token_id", "-1", "bos_token_id")]
    [InlineData("tie_word_embeddings", "1", "True or false")]
    [InlineData("rope_scaling", """{"rope_type":"longrope","factor":4}""", "default, linear, dynamic, llama3, yarn")]
    [InlineData("rope_scaling", """{"rope_type":"linear"}""", "rope_scaling.factor")]
    [InlineData("rope_scaling", """{"rope_type":"linear","factor":0.5}""", "factor")]
    [InlineData("rope_scaling", """{"rope_type":"linear","factor":2,"short_factor":[1]}""", "short_factor")]
    [InlineData("rope_scaling", """{"rope_type":"llama3","factor":8,"low_freq_factor":4,"high_freq_factor":4,"original_max_position_embeddings":32}""", "out of order")]
    [InlineData("rope_scaling", """{"rope_type":"yarn","factor":8,"original_max_position_embeddings":0}""", "context length")]
    [InlineData("rope_scaling", "[]", "object")]
    public void Unsupported_or_senseless_fields_are_refused_by_name(string field, string value, string complaint)
    {
        ModelFormatException e = Assert.Throws<ModelFormatException>(() => Read(Llama, (field, value)));
        Assert.Contains(complaint, e.Message, StringComparison.Ordinal);
        Assert.Contains("config.json", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Every_shared_configuration_reads_and_survives_writing()
    {
        foreach (string path in Configs())
        {
            ModelConfig c = ConfigFile.Read(path);
            string copy = _folder["copy.json"];
            ConfigFile.Write(copy, c);
            AssertSame(c, ConfigFile.Read(copy));
        }
    }

    [Fact]
    public void Damaged_configurations_are_refused_or_make_sense()
    {
        byte[] good = Encoding.UTF8.GetBytes(With(Llama, [("rope_scaling", """{"rope_type":"llama3","factor":8,"low_freq_factor":1,"high_freq_factor":4,"original_max_position_embeddings":32}""")]));
        Hostile.ForAllDamages(600, damages => Hostile.BehavesOn(_folder.Write("config.json", Hostile.Apply(good, damages, good.Length)), path =>
        {
            ModelConfig c = ConfigFile.Read(path);
            Assert.True(c.HeadDim > 0 && c.KvDim > 0 && c.QueryDim > 0 && c.HeadCount % c.KvHeadCount == 0);
        }));
    }

    [Theory]
    [InlineData("{\"rope_scaling\":{\"\xff\":1}}")]
    [InlineData("{\"rope_scaling\":{\"\\ud800\":1}}")]
    [InlineData("{\"\\ud800\":1}")]
    [InlineData("{\"architectures\":[\"\\udc00\"]}")]
    public void Names_and_texts_that_are_not_Unicode_are_refused(string json) =>
        Assert.Throws<ModelFormatException>(() => ConfigFile.Read(_folder.Write("config.json", Encoding.Latin1.GetBytes(json))));

    [Fact]
    public void Deep_nesting_is_refused() =>
        Assert.Throws<ModelFormatException>(() => Read("{\"a\":" + new string('[', 100_000) + new string(']', 100_000) + "}"));

    private static IEnumerable<string> Configs()
    {
        foreach (string? root in new[] { TestPaths.Models, TestPaths.InShared("models") })
            if (root is not null)
                foreach (string path in Directory.GetFiles(root, "config.json", SearchOption.AllDirectories)) yield return path;
    }

    private static void AssertSame(ModelConfig want, ModelConfig got)
    {
        Assert.Equal(want.EosTokenIds, got.EosTokenIds);
        Assert.Equal(want with { EosTokenIds = [] }, got with { EosTokenIds = [] });
    }

    private ModelConfig Read(string json, params (string Field, string Value)[] changes) => ConfigFile.Read(_folder.Write("config.json", With(json, changes)));

    private static string With(string json, (string Field, string Value)[] changes)
    {
        if (changes.Length == 0) return json;
        JsonObject config = JsonNode.Parse(json)!.AsObject();
        foreach ((string field, string value) in changes) config[field] = JsonNode.Parse(value);
        return config.ToJsonString();
    }
}
