using Switchyard.Model.Files;

namespace Switchyard.Model.Text;

/// <summary>Opens tokenizers.</summary>
public static class Tokenizers
{
    /// <summary>Opens the tokenizer of a Hugging Face folder, or a bare <c>tokenizer.json</c>.</summary>
    /// <remarks>What lies beside the file is read too, where it exists: <c>tokenizer_config.json</c>, <c>generation_config.json</c>, <c>config.json</c>.</remarks>
    /// <param name="path">The folder or the file.</param>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="ModelFormatException">The file is malformed or not supported.</exception>
    public static ITokenizer Open(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        string file = Directory.Exists(path) ? Path.Combine(path, "tokenizer.json") : path;
        if (!File.Exists(file))
            throw new FileNotFoundException($"There is no tokenizer at {file}. A Hugging Face folder has a tokenizer.json; GGUF files carry theirs inside.", file);
        using TokenizerConfig config = TokenizerConfig.ReadBeside(Path.GetDirectoryName(Path.GetFullPath(file))!);
        return TokenizerFile.Read(file, config);
    }
}
