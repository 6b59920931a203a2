using Switchyard.Tensor;

namespace Switchyard.Properties;

/// <summary>One operation of <see cref="IBackend"/> with its inputs, which can be run on any backend in any arrangement of its rows.</summary>
/// <param name="Rows">Rows of the case.</param>
/// <param name="Seed">Of every number in the case.</param>
public abstract record OperationCase(int Rows, int Seed)
{
    /// <summary>Largest error against double precision, relative to the row's largest magnitude (at least 1).</summary>
    public virtual double Tolerance => 2e-5;

    /// <summary>Runs the operation.</summary>
    /// <returns>What it wrote to each row of the case.</returns>
    public abstract float[][] Execute(IBackend backend, Arrangement arrangement);

    /// <summary>Why the case says nothing about <paramref name="backend"/>; null where it does.</summary>
    public virtual string? RefusedBy(IBackend backend) => null;

    /// <summary>Cases like this one, smaller.</summary>
    public virtual IEnumerable<OperationCase> Smaller() => FewerRows();

    /// <summary>This case with fewer rows.</summary>
    protected IEnumerable<OperationCase> FewerRows()
    {
        foreach (int rows in Smaller(Rows, 1)) yield return this with { Rows = rows };
    }

    /// <summary>Numbers below <paramref name="value"/>, the boldest first.</summary>
    protected static IEnumerable<int> Smaller(int value, int least)
    {
        if (value > least) yield return least;
        if (value / 2 > least) yield return value / 2;
        if (value - 1 > least) yield return value - 1;
    }

    /// <summary>Rows of nearly normal numbers; now and then a row of large, tiny or zero ones.</summary>
    private protected static float[][] SomeRows(CaseRandom random, int rows, int cols) =>
        [.. Enumerable.Range(0, rows).Select(_ => random.Normals(cols, random.Below(12) switch { 0 => 1e4f, 1 => 1e-6f, 2 => 0, _ => 1 }))];
}
