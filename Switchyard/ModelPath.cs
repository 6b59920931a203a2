namespace Switchyard;

/// <summary>Finds a model by what a user calls it.</summary>
public static class ModelPath
{
    /// <summary>The largest of the small models that come with the product.</summary>
    public const string Embedded = "models/tales-10m";

    /// <summary>
    /// Finds a folder or file: as given, below the application's own folder, or by the bare name of a model that came with it.
    /// </summary>
    /// <param name="path">A folder, a .gguf file, a tokenizer.json, or the name of an embedded model such as tales-1m.</param>
    /// <returns>The full path.</returns>
    /// <exception cref="FileNotFoundException">There is no such model; says where it was looked for.</exception>
    public static string Resolve(string path)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(path);
        return Find(path) ?? throw new FileNotFoundException(
            $"There is no model '{path}'. Give a folder with config.json and safetensors, a .gguf file, or the name of a model that came with the program; looked for {string.Join(" and ", Places(path).Distinct().Take(2))}.", path);
    }

    /// <summary>Likewise; null where there is no such model.</summary>
    internal static string? Find(string path) => Array.Find(Places(path), Path.Exists);

    private static string[] Places(string path) =>
        [Path.GetFullPath(path), Path.GetFullPath(Path.Combine(AppContext.BaseDirectory, path)), Path.GetFullPath(Path.Combine(AppContext.BaseDirectory, "models", path))];
}
