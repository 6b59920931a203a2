using Switchyard.Model.Files;

namespace Switchyard.Model.Text;

/// <summary>Opens tokenizers.</summary>
public static class Tokenizers
{
    /// <summary>Opens the tokenizer of a Hugging Face folder, a bare <c>tokenizer.json</c>, or a GGUF file.</summary>
    /// <remarks>
    /// What lies beside a <c>tokenizer.json</c> is read too, where it exists: <c>tokenizer_config.json</c>,
    /// <c>generation_config.json</c>, <c>config.json</c>. No file stays open.
    /// </remarks>
    /// <param name="path">The folder or the file.</param>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="ModelFormatException">The file is malformed or not supported.</exception>
    public static ITokenizer Open(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        string file = Directory.Exists(path) ? Path.Combine(path, "tokenizer.json") : path;
        if (!File.Exists(file))
            throw new FileNotFoundException($"There is no tokenizer at {file}. Give a Hugging Face folder with a tokenizer.json, that file itself, or a GGUF file.", file);
        if (file.EndsWith(".gguf", StringComparison.OrdinalIgnoreCase))
        {
            using GgufFile gguf = GgufFile.Open(file);
            return GgufTokenizer.Create(GgufVocabulary.Read(gguf.Metadata));
        }
        using TokenizerConfig config = TokenizerConfig.ReadBeside(Path.GetDirectoryName(Path.GetFullPath(file))!);
        return TokenizerFile.Read(file, config);
    }
}
