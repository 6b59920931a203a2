namespace Switchyard.Model;

/// <summary>Families that the one parameterised decoder covers; they differ in <see cref="ModelConfig"/> alone.</summary>
public enum ModelFamily
{
    /// <summary>Llama 2, 3, 3.x and SmolLM2.</summary>
    Llama,

    /// <summary>Mistral: Llama with a sliding window.</summary>
    Mistral,

    /// <summary>Qwen2 and Qwen2.5: Llama with biases on queries, keys and values.</summary>
    Qwen2,

    /// <summary>Qwen3: Llama with norms on each query and key head, and a head size of its own.</summary>
    Qwen3,
}
