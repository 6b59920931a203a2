namespace Switchyard.Properties;

/// <summary>Judges one case after another and remembers the last that contradicted the law, which is also the smallest.</summary>
internal sealed class CaseTrial<TCase>
{
    /// <summary>Cases tried while making a contradiction smaller; a law over models may be slow.</summary>
    private const int MostShrinkTrials = 300;

    private readonly LawRun _run;
    private readonly Func<LawRun, TCase, Verdict> _judge;
    private readonly LawOptions _options;
    private readonly long _start;
    private long _shrinkStart;
    private int _applied, _shrinkTrials, _shrinks;
    private bool _wasGivenUp;
    private Verdict _broken, _notApplicable;
    private TCase? _case;

    public CaseTrial(LawRun run, Func<LawRun, TCase, Verdict> judge, LawOptions options)
    {
        (_run, _judge, _options, _start) = (run, judge, options, options.Time.GetTimestamp());
        run.IsOver = IsOver;
    }

    private bool IsShrinking => _broken.Outcome == LawOutcome.Broken;

    /// <summary>Whether the case is not a contradiction; every case that comes after the time is over is none.</summary>
    public bool Holds(TCase value)
    {
        bool shrinking = IsShrinking;
        if (shrinking && ++_shrinkTrials > MostShrinkTrials) return true;
        if (IsOver()) return true;
        Verdict verdict;
        try
        {
            verdict = Judge(value);
        }
        catch (CaseGivenUpException)
        {
            _wasGivenUp = true;
            return true;
        }
        if (!shrinking && verdict.Outcome != LawOutcome.NotApplicable) _applied++;
        if (verdict.Outcome == LawOutcome.NotApplicable) _notApplicable = verdict;
        if (verdict.Outcome != LawOutcome.Broken) return true;
        if (shrinking) _shrinks++;
        else _shrinkStart = _options.Time.GetTimestamp();
        (_broken, _case) = (verdict, value);
        return false;
    }

    public LawReport Report(Law law, QuietRunner runner)
    {
        bool broken = _broken.Outcome == LawOutcome.Broken;
        return new LawReport
        {
            LawId = law.Id,
            Sentence = law.Sentence,
            Subject = _run.Subject.Name,
            Cases = _applied,
            Outcome = broken ? LawOutcome.Broken
                : _applied > 0 ? LawOutcome.Held
                : _notApplicable.Outcome == LawOutcome.NotApplicable ? LawOutcome.NotApplicable
                : LawOutcome.OutOfTime,
            Finding = broken ? _broken.Finding
                : _notApplicable.Finding is { Length: > 0 } why ? why
                : _applied == 0 && _wasGivenUp ? "the time was over before one case had ended" : "",
            Counterexample = broken ? _case?.ToString() ?? "" : "",
            ReplayId = broken ? runner.FailureId : "",
            Shrinks = _shrinks,
        };
    }

    private bool IsOver() => IsShrinking
        ? _options.ShrinkBudget is { } shrinking && _options.Time.GetElapsedTime(_shrinkStart) > shrinking
        : _options.Budget is { } budget && _options.Time.GetElapsedTime(_start) > budget;

    private Verdict Judge(TCase value)
    {
        try
        {
            return _judge(_run, value);
        }
        catch (Exception e) when (e is not (OutOfMemoryException or CaseGivenUpException))
        {
            return Verdict.Broken($"{e.GetType().Name}: {e.Message}");
        }
    }
}
