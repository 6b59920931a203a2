namespace Switchyard.Model.Files;

/// <summary>How a model is stored.</summary>
public enum ModelFileFormat
{
    /// <summary>A folder with config.json and safetensors.</summary>
    HuggingFace,

    /// <summary>One GGUF file.</summary>
    Gguf,
}
