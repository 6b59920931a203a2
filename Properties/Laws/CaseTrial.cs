namespace Switchyard.Properties;

/// <summary>Judges one case after another and remembers the last that contradicted the law, which is also the smallest.</summary>
internal sealed class CaseTrial<TCase>(LawRun run, Func<LawRun, TCase, Verdict> judge, LawOptions options)
{
    /// <summary>Cases tried while making a contradiction smaller; a law over models may be slow.</summary>
    private const int MostShrinkTrials = 300;

    private readonly long _start = options.Time.GetTimestamp();
    private int _applied, _shrinkTrials, _shrinks;
    private Verdict _broken, _notApplicable;
    private TCase? _case;

    /// <summary>Whether the case is not a contradiction; every case that comes after the time is over is none.</summary>
    public bool Holds(TCase value)
    {
        bool shrinking = _broken.Outcome == LawOutcome.Broken;
        if (shrinking && ++_shrinkTrials > MostShrinkTrials) return true;
        if (!shrinking && options.Budget is { } budget && options.Time.GetElapsedTime(_start) > budget) return true;

        Verdict verdict = Judge(value);
        if (!shrinking && verdict.Outcome != LawOutcome.NotApplicable) _applied++;
        if (verdict.Outcome == LawOutcome.NotApplicable) _notApplicable = verdict;
        if (verdict.Outcome != LawOutcome.Broken) return true;
        if (shrinking) _shrinks++;
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
            Subject = run.Subject.Name,
            Cases = _applied,
            Outcome = broken ? LawOutcome.Broken
                : _applied > 0 ? LawOutcome.Held
                : _notApplicable.Outcome == LawOutcome.NotApplicable ? LawOutcome.NotApplicable
                : LawOutcome.OutOfTime,
            Finding = broken ? _broken.Finding : _notApplicable.Finding ?? "",
            Counterexample = broken ? _case?.ToString() ?? "" : "",
            ReplayId = broken ? runner.FailureId : "",
            Shrinks = _shrinks,
        };
    }

    private Verdict Judge(TCase value)
    {
        try
        {
            return judge(run, value);
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            return Verdict.Broken($"{e.GetType().Name}: {e.Message}");
        }
    }
}
