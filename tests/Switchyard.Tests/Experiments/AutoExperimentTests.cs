using Switchyard.Experiments;
using Switchyard.Experiments.Auto;
using Switchyard.Experiments.Measuring;
using Switchyard.Experiments.Results;
using Switchyard.Tests.Files;
using Switchyard.Tests.PropertyRuns;
using Xunit;

namespace Switchyard.Tests.Experiments;

/// <summary>The measurement of <c>auto</c> in its quick form: that it works, not what it shows.</summary>
[Collection(OneAtATime.Name)]
public sealed class AutoExperimentTests
{
    [Fact]
    public void Quick_form_writes_a_table_and_a_figure_over_the_classes_of_a_folder()
    {
        using var folder = new TemporaryFolder();
        folder.Write("some_question.jsonl", """
            {"question_id": 1, "category": "writing", "turns": ["Write about a king.", "Again."]}
            {"question_id": 2, "category": "coding", "turns": ["Write a loop."]}
            {"question_id": 3, "category": "writing", "turns": ["Write about a fox."]}
            """);
        using var setting = new ExperimentSetting(quick: true);
        var document = new ResultDocument("auto", folder.Path);
        IReadOnlyList<ClassResult> results = AutoExperiments.Run(setting, document, new AutoInput(folder.Path), TextWriter.Null);
        Assert.Equal(["coding", "writing", "tales, likeliest tokens"], results.Select(result => result.Name));
        Assert.All(results, result => Assert.True(result.Decoding.Low <= result.Decoding.Median && result.Decoding.Median <= result.Decoding.High && result.Best > 0));
        string text = File.ReadAllText(document.Write());
        Assert.Contains("| 2 | writing | 2 |", text, StringComparison.Ordinal);
        Assert.Contains("Least against plain", text, StringComparison.Ordinal);
        Assert.True(File.Exists(folder["auto-classes.svg"]));
    }

    [Fact]
    public void Interval_of_a_median_is_the_sign_tests()
    {
        MedianInterval thirty = MedianInterval.Of([.. Enumerable.Range(1, 30).Select(i => (double)i)]);
        Assert.Equal((15.5, 10.0, 21.0), (thirty.Median, thirty.Low, thirty.High)); // 9 or fewer of 30 on one side: 2.1 %
        MedianInterval six = MedianInterval.Of([1, 2, 3, 4, 5, 6]);
        Assert.Equal((3.5, 1.0, 6.0), (six.Median, six.Low, six.High)); // none of 6: 1.6 %
        Assert.Equal((2.0, 1.0, 3.0), (MedianInterval.Of([3, 1, 2]).Median, MedianInterval.Of([3, 1, 2]).Low, MedianInterval.Of([3, 1, 2]).High));
    }
}
