using System.Text.Json;
using Switchyard.Tensor;

namespace Switchyard.Model.Files;

/// <summary>Reads and writes rope_scaling, or rope_parameters as newer configurations call it.</summary>
internal static class RopeScalingFields
{
    private static readonly HashSet<string> Known = new(StringComparer.Ordinal)
    {
        "type", "rope_type", "rope_theta", "factor", "low_freq_factor", "high_freq_factor", "original_max_position_embeddings",
        "beta_fast", "beta_slow", "attention_factor", "mscale", "mscale_all_dim", "truncate", "finetuned", "partial_rotary_factor",
    };

    /// <summary>The scaling that the object describes; null for none.</summary>
    /// <exception cref="ModelFormatException">A kind or a field is not supported, or a field is missing.</exception>
    public static RopeScaling? Read(JsonFields fields, int maxPositionEmbeddings)
    {
        foreach (string name in fields.Names)
            if (!Known.Contains(name)) throw fields.Fault(name, "The field is not supported.", fields.Value(name), string.Join(", ", Known));
        string kind = fields.String("rope_type") ?? fields.String("type") ?? "default";
        switch (kind)
        {
            case "default":
                return null;
            case "linear":
                return new RopeScaling.Linear(fields.RequiredDouble("factor"));
            case "dynamic":
                return new RopeScaling.Dynamic(fields.RequiredDouble("factor"));
            case "llama3":
                return new RopeScaling.Llama3(
                    fields.RequiredDouble("factor"), fields.RequiredDouble("low_freq_factor"), fields.RequiredDouble("high_freq_factor"),
                    fields.RequiredInt("original_max_position_embeddings"));
            case "yarn":
                int original = fields.Int("original_max_position_embeddings") ?? maxPositionEmbeddings;
                double factor = fields.Double("factor") ?? maxPositionEmbeddings / (double)original;
                return new RopeScaling.Yarn(
                    factor, original, fields.Double("beta_fast") ?? 32, fields.Double("beta_slow") ?? 1,
                    fields.Double("attention_factor") ?? FromScales(fields, factor), fields.Bool("truncate") ?? true);
            default:
                throw fields.Fault("rope_type", "The kind of rotary scaling is not supported.", fields.Value("rope_type") ?? fields.Value("type"), "default, linear, dynamic, llama3, yarn");
        }
    }

    /// <summary>Writes what <see cref="Read"/> reads.</summary>
    /// <exception cref="NotSupportedException">config.json cannot express the scaling.</exception>
    public static void Write(Utf8JsonWriter json, RopeScaling scaling)
    {
        json.WriteStartObject();
        switch (scaling)
        {
            case RopeScaling.Linear linear:
                Pair("linear", linear.Factor);
                break;
            case RopeScaling.Dynamic dynamic:
                Pair("dynamic", dynamic.Factor);
                break;
            case RopeScaling.Llama3 llama3:
                Pair("llama3", llama3.Factor);
                json.WriteNumber("low_freq_factor", llama3.LowFreqFactor);
                json.WriteNumber("high_freq_factor", llama3.HighFreqFactor);
                json.WriteNumber("original_max_position_embeddings", llama3.OriginalMaxPositionEmbeddings);
                break;
            case RopeScaling.Yarn yarn:
                Pair("yarn", yarn.Factor);
                json.WriteNumber("original_max_position_embeddings", yarn.OriginalMaxPositionEmbeddings);
                json.WriteNumber("beta_fast", yarn.BetaFast);
                json.WriteNumber("beta_slow", yarn.BetaSlow);
                if (yarn.AttentionFactor is { } attention) json.WriteNumber("attention_factor", attention);
                if (!yarn.Truncate) json.WriteBoolean("truncate", false);
                break;
            default:
                throw new NotSupportedException("config.json has no field for a divisor per frequency; linear, dynamic, llama3 and yarn scaling can be written.");
        }
        json.WriteEndObject();

        void Pair(string kind, double factor)
        {
            json.WriteString("rope_type", kind);
            json.WriteNumber("factor", factor);
        }
    }

    /// <summary>The factor on cosines and sines as DeepSeek's configurations give it, by two logarithmic scales.</summary>
    private static double? FromScales(JsonFields fields, double factor)
    {
        if (fields.Double("mscale") is not { } scale || fields.Double("mscale_all_dim") is not { } all || scale == 0 || all == 0 || !(factor > 1)) return null;
        double log = CanonicalMath.Log(factor);
        return (0.1 * scale * log + 1) / (0.1 * all * log + 1);
    }
}
