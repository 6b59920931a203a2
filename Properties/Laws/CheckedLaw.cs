using FsCheck;
using FsCheck.Fluent;

namespace Switchyard.Properties;

/// <summary>A law as a function of one generated case.</summary>
/// <typeparam name="TCase">What is generated, and made smaller when it contradicts the law; its ToString is what people read.</typeparam>
public sealed class CheckedLaw<TCase> : Law
{
    private readonly Arbitrary<TCase> _cases;
    private readonly Func<LawRun, TCase, Verdict> _judge;
    private readonly int _caseCount;

    /// <summary>Makes a law.</summary>
    /// <param name="id">Short and stable.</param>
    /// <param name="kind">What it is about.</param>
    /// <param name="sentence">The law in words.</param>
    /// <param name="cases">Generator and shrinker.</param>
    /// <param name="caseCount">Cases that an ordinary run tries.</param>
    /// <param name="judge">Decides one case. Must depend on nothing but its arguments.</param>
    /// <param name="bugs">Mistakes that the law must catch.</param>
    public CheckedLaw(
        string id, LawKind kind, string sentence, Arbitrary<TCase> cases, int caseCount,
        Func<LawRun, TCase, Verdict> judge, params IReadOnlyList<PlantedBug> bugs)
        : base(id, kind, sentence, bugs) => (_cases, _caseCount, _judge) = (cases, caseCount, judge);

    /// <inheritdoc/>
    public override LawReport Check(LawSubject subject, LawOptions options)
    {
        using var run = new LawRun(subject);
        var trial = new CaseTrial<TCase>(run, _judge, options);
        var outcome = new QuietRunner(() => run.IsOver!());
        Config config = Config.Quick
            .WithMaxTest(options.Replay is null ? options.CasesFor(_caseCount) : 1)
            .WithRunner(outcome)
            .WithReplay(ReplayId.Start(Id, options));
        Arbitrary<TCase> cases = options.Shrink ? _cases : _cases.Generator.ToArbitrary();
        try
        {
            FsCheck.Check.One(config, Prop.ForAll(cases, trial.Holds));
        }
        catch (CaseGivenUpException)
        {
            // The time is over; what was tried until then counts.
        }
        return trial.Report(this, outcome);
    }
}
