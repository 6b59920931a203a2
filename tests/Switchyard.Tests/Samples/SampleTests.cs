using System.Diagnostics;
using System.Text.RegularExpressions;
using Switchyard.Tests.PropertyRuns;
using Xunit;

namespace Switchyard.Tests.Samples;

/// <summary>The samples are compiled with the tests (Samples.targets); here they run, and the README shows nothing else.</summary>
[Collection(OneAtATime.Name)]
public partial class SampleTests
{
    private static readonly string Folder = Path.Combine(TestPaths.RepositoryRoot, "samples");

    /// <summary>Samples and what they must print.</summary>
    public static TheoryData<string, string> Samples => new()
    {
        { "Hello", "60 tokens, [0-9]+ per second, auto: Lossless" },
        { "ManyAtOnce", "The third, alone: the same tokens" },
        { "Score", "The snow had begun to fall. +[0-9.]+ nats per token" },
    };

    [Theory]
    [MemberData(nameof(Samples))]
    public async Task Every_sample_runs(string name, string expected)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath is { } host && Path.GetFileNameWithoutExtension(host) == "dotnet" ? host : "dotnet")
        {
            WorkingDirectory = TestPaths.RepositoryRoot,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            ArgumentList =
            {
                "exec", "--runtimeconfig", Path.Combine(AppContext.BaseDirectory, "Switchyard.Tests.runtimeconfig.json"),
                "--depsfile", Path.Combine(AppContext.BaseDirectory, "Switchyard.Tests.deps.json"), Path.Combine(AppContext.BaseDirectory, "samples", name + ".dll"),
            },
        };
        using Process process = Process.Start(start)!;
        Task<string> errors = process.StandardError.ReadToEndAsync();
        string output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        Assert.True(process.ExitCode == 0, await errors);
        Assert.Matches(expected, output);
    }

    [Fact]
    public void Every_sample_is_run_here() =>
        Assert.Equal(Directory.GetFiles(Folder, "*.cs").Select(Path.GetFileNameWithoutExtension).Order(StringComparer.Ordinal), Samples.Select(row => (string)row[0]).Order(StringComparer.Ordinal));

    [Fact]
    public void Every_block_of_code_in_the_README_is_part_of_a_sample()
    {
        string[] samples = [.. Directory.GetFiles(Folder, "*.cs").Select(file => File.ReadAllText(file).ReplaceLineEndings("\n"))];
        string[] blocks = [.. CodeBlock().Matches(File.ReadAllText(Path.Combine(TestPaths.RepositoryRoot, "README.md")).ReplaceLineEndings("\n")).Select(match => match.Groups[1].Value)];
        Assert.NotEmpty(blocks);
        foreach (string block in blocks) Assert.Contains(samples, sample => sample.Contains(block, StringComparison.Ordinal));
    }

    [Fact]
    public void CI_runs_the_READMEs_test_command()
    {
        const string command = "dotnet test Engine.sln -c Release";
        Assert.Contains(command, File.ReadAllText(Path.Combine(TestPaths.RepositoryRoot, "README.md")), StringComparison.Ordinal);
        Assert.Contains(command, File.ReadAllText(Path.Combine(TestPaths.RepositoryRoot, ".ci", "run")), StringComparison.Ordinal);
    }

    [GeneratedRegex("```csharp\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex CodeBlock();
}
