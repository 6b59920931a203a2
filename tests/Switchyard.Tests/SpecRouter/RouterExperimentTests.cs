using System.Text.RegularExpressions;
using Switchyard.Experiments;
using Switchyard.Experiments.Results;
using Switchyard.Experiments.SpecRouter;
using Switchyard.Tests.PropertyRuns;
using Xunit;

namespace Switchyard.Tests.SpecRouter;

/// <summary>The experiments run, in their quick form, and every contender gives the target's tokens.</summary>
[Collection(OneAtATime.Name)]
public sealed class RouterExperimentTests
{
    [Fact]
    public void Quick_form_writes_every_part_with_its_figures()
    {
        using var folder = new Files.TemporaryFolder();
        using var setting = new ExperimentSetting(quick: true);
        var document = new ResultDocument("specrouter", folder.Path);
        RouterExperiments.Run(setting, document, TextWriter.Null);
        string text = File.ReadAllText(document.Write());
        foreach (string part in (string[])["M1", "M2", "M3", "M4", "M5"]) Assert.Contains($"## {part}: ", text, StringComparison.Ordinal);
        foreach (Match figure in Regex.Matches(text, @"\]\((?<file>[^)]+\.svg)\)")) Assert.True(File.Exists(Path.Combine(folder.Path, figure.Groups["file"].Value)));
        Assert.DoesNotContain("NaN", text, StringComparison.Ordinal);
        Assert.Contains("| 10, 8 | +10 % | +17 % | +32 % |", text, StringComparison.Ordinal); // the predicted gains are those of the published model
    }

    [Fact]
    public void Script_keeps_its_three_chances()
    {
        const int Positions = 40_000;
        int[] recording = [.. Enumerable.Range(0, Positions).Select(i => i * 7 % 1000)];
        var script = new ReplayScript(recording, 0, 1000, 0.7, 0.8, 0.6);
        int agree = 0, middle = 0, bottom = 0;
        for (int i = 0; i < Positions; i++)
        {
            if (script.Says(0, i) == script.Says(1, i)) agree++;
            if (script.Says(1, i) == recording[i]) middle++;
            if (script.Says(0, i) == recording[i]) bottom++;
        }
        Assert.Equal(0.7, (double)agree / Positions, 0.01);
        Assert.Equal(0.8, (double)middle / Positions, 0.01);
        Assert.Equal(0.6, (double)bottom / Positions, 0.01);
    }
}
