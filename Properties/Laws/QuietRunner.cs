using FsCheck;
using Microsoft.FSharp.Collections;
using Microsoft.FSharp.Core;

namespace Switchyard.Properties;

/// <summary>Takes FsCheck's progress in silence and keeps where a failure can be found again.</summary>
/// <param name="isOver">Whether no further case is to be begun: the run then ends with a <see cref="CaseGivenUpException"/>.</param>
internal sealed class QuietRunner(Func<bool> isOver) : IRunner
{
    /// <summary>The failing case's replay id; empty without a failure.</summary>
    public string FailureId { get; private set; } = "";

    public void OnStartFixture(Type t)
    {
    }

    public void OnArguments(int ntest, FSharpList<object> args, FSharpFunc<int, FSharpFunc<FSharpList<object>, string>> every)
    {
        if (isOver()) throw new CaseGivenUpException(); // thousands of further cases would only be generated
    }

    public void OnShrink(FSharpList<object> args, FSharpFunc<FSharpList<object>, string> everyShrink)
    {
    }

    public void OnFinished(string name, TestResult testResult)
    {
        if (testResult is TestResult.Failed failed) FailureId = ReplayId.Of(failed.Item6, failed.Item7);
    }
}
