using Switchyard.Model.Text;

namespace Switchyard.Model.Files.Conversion;

/// <summary>Writes a vocabulary as GGUF metadata.</summary>
internal static class GgufTokenizerMetadata
{
    private const string Prefix = "tokenizer.ggml.";

    /// <summary>Adds every key that <paramref name="v"/> has a value for.</summary>
    public static void Add(GgufMetadata metadata, GgufVocabulary v)
    {
        metadata.Add(Prefix + "model", GgufValue.Of(v.Model));
        if (v.Pre is not null) metadata.Add(Prefix + "pre", GgufValue.Of(v.Pre));
        metadata.Add(Prefix + "tokens", GgufValue.Of([.. v.Tokens]));
        if (v.Scores is not null) metadata.Add(Prefix + "scores", GgufValue.Of([.. v.Scores]));
        if (v.TokenTypes is not null) metadata.Add(Prefix + "token_type", GgufValue.Of([.. v.TokenTypes]));
        if (v.Merges is not null) metadata.Add(Prefix + "merges", GgufValue.Of([.. v.Merges]));
        Id("bos_token_id", v.BosId);
        Id("eos_token_id", v.EosId);
        Id("eot_token_id", v.EotId);
        Id("eom_token_id", v.EomId);
        Id("unknown_token_id", v.UnknownId);
        Id("padding_token_id", v.PadId);
        Flag("add_bos_token", v.AddsBos);
        Flag("add_eos_token", v.AddsEos);
        Flag("add_space_prefix", v.AddsSpacePrefix);

        void Id(string key, int? id)
        {
            if (id is { } value) metadata.Add(Prefix + key, GgufValue.Of((uint)value));
        }

        void Flag(string key, bool? flag)
        {
            if (flag is { } value) metadata.Add(Prefix + key, GgufValue.Of(value));
        }
    }
}
