using Switchyard.Strategies.SpecRouter;
using Xunit;

namespace Switchyard.Tests.SpecRouter;

public sealed class ChainPlanTests
{
    [Fact]
    public void Plan_tells_its_levels_and_windows()
    {
        ChainPlan plan = ChainPlan.Only(0).Then(2, 3).Then(15, 255);
        Assert.Equal((3, 0, 15), (plan.Count, plan.Bottom, plan.Top));
        Assert.Equal((0, 0, 3, 255), (plan.Window(0), plan.Window(1), plan.Window(2), plan.Window(15)));
        Assert.Equal("0>2/3>15/255", plan.ToString());
    }

    [Theory]
    [InlineData("3")]
    [InlineData("0>1/3>2/8")]
    [InlineData("0>2/12!")]
    public void Spelling_reads_back(string text) => Assert.Equal(text, ChainPlan.Parse(text).ToString());

    [Theory]
    [InlineData("")]
    [InlineData("0>0/3")]
    [InlineData("1>0/3")]
    [InlineData("0>1")]
    [InlineData("0/2>1/3")]
    [InlineData("0>1/0")]
    [InlineData("0>1/256")]
    [InlineData("0>16/2")]
    [InlineData("a>b")]
    public void Nonsense_is_refused(string text) => Assert.Throws<FormatException>(() => ChainPlan.Parse(text));

    [Fact]
    public void Recorded_decisions_come_back_at_the_same_calls()
    {
        ChainPlan[] answers = [ChainPlan.Parse("2"), ChainPlan.Parse("2"), ChainPlan.Parse("0>2/3"), ChainPlan.Parse("1>2/4"), ChainPlan.Parse("1>2/4"), ChainPlan.Parse("2")];
        int call = 0;
        var recorder = new ChainRecorder(new Scripted(() => answers[call++]));
        for (int i = 0; i < answers.Length; i++) recorder.Next(default);
        Assert.Equal(4, recorder.Decisions.Count);
        var replay = new RecordedChains(recorder.Decisions);
        foreach (ChainPlan answer in answers) Assert.Equal(answer, replay.Next(default));
    }

    private sealed class Scripted(Func<ChainPlan> next) : IChainPolicy
    {
        public ChainPlan Next(in ChainView view) => next();
    }
}
