namespace Switchyard.Tests;

/// <summary>Where tests find the repository and, when it is there, the material shared between projects.</summary>
internal static class TestPaths
{
    /// <summary>The folder that holds Engine.sln.</summary>
    public static string RepositoryRoot { get; } = FindRoot();

    /// <summary>The models that the repository carries.</summary>
    public static string Models => Path.Combine(RepositoryRoot, "models");

    /// <summary>The repository's sibling folder <c>shared</c>, or null when absent.</summary>
    public static string? Shared { get; } = Existing(Path.Combine(Path.GetDirectoryName(RepositoryRoot)!, "shared"));

    /// <summary>True when the long cases were asked for.</summary>
    public static bool Long { get; } = Environment.GetEnvironmentVariable("SWITCHYARD_LONG") == "1";

    /// <summary>A path below <see cref="Shared"/>, or null when it does not exist.</summary>
    public static string? InShared(params string[] parts) => Shared is null ? null : Existing(Path.Combine([Shared, .. parts]));

    private static string? Existing(string path) => Path.Exists(path) ? path : null;

    private static string FindRoot()
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
            if (File.Exists(Path.Combine(folder.FullName, "Engine.sln"))) return folder.FullName;
        throw new InvalidOperationException($"No folder above {AppContext.BaseDirectory} holds Engine.sln.");
    }
}
