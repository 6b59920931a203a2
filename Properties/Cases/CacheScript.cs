using FsCheck;
using FsCheck.Fluent;

namespace Switchyard.Properties;

/// <summary>What a step of a <see cref="CacheScript"/> does.</summary>
public enum CacheAction
{
    /// <summary>Rents another sequence, if the pool has room.</summary>
    Rent,

    /// <summary>Gives a sequence back.</summary>
    Return,

    /// <summary>Stages some tokens.</summary>
    Stage,

    /// <summary>Commits some of the staged slots.</summary>
    Commit,

    /// <summary>Commits slots that are not staged, which must be refused.</summary>
    CommitWrong,

    /// <summary>Drops what is staged.</summary>
    Rollback,

    /// <summary>Drops slots from the end.</summary>
    Truncate,

    /// <summary>Reconciles with a reader's tokens.</summary>
    Reconcile,
}

/// <summary>One step: an action, and a number that chooses its sequence, its tokens and its slots.</summary>
public readonly record struct CacheStep(CacheAction Action, int Choice)
{
    /// <inheritdoc/>
    public override string ToString() => $"{Action}:{Choice}";
}

/// <summary>A script of what happens to the sequences of a small pool.</summary>
/// <param name="Pages">Pages of the pool.</param>
/// <param name="Steps">What happens.</param>
public sealed record CacheScript(int Pages, CacheStep[] Steps)
{
    /// <summary>Scripts by chance.</summary>
    internal static Gen<CacheScript> Any =>
        from pages in Gen.Choose(2, 6)
        from steps in Step.NonEmptyListOf()
        from more in Step.ArrayOf(20)
        select new CacheScript(pages, [new CacheStep(CacheAction.Rent, 5), .. steps, .. more]);

    private static Gen<CacheStep> Step =>
        from action in Gen.Frequency(
            (1, Gen.Elements(CacheAction.Rent, CacheAction.Return, CacheAction.CommitWrong)), (4, Gen.Constant(CacheAction.Stage)),
            (3, Gen.Constant(CacheAction.Commit)), (1, Gen.Constant(CacheAction.Rollback)), (1, Gen.Constant(CacheAction.Truncate)),
            (1, Gen.Constant(CacheAction.Reconcile)))
        from choice in Gen.Choose(0, 999)
        select new CacheStep(action, choice);

    /// <summary>Scripts like this one, smaller.</summary>
    public IEnumerable<CacheScript> Smaller()
    {
        if (Steps.Length > 1) yield return this with { Steps = Steps[..(Steps.Length / 2)] };
        for (int i = Steps.Length - 1; i >= 0 && Steps.Length > 1; i--) yield return this with { Steps = [.. Steps[..i], .. Steps[(i + 1)..]] };
    }

    /// <inheritdoc/>
    public override string ToString() => $"{Pages} pages: {string.Join(" ", Steps)}";
}
