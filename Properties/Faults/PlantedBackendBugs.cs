namespace Switchyard.Properties.Faults;

/// <summary>Mistakes in a backend.</summary>
public static class PlantedBackendBugs
{
    /// <summary>The reduction's order depends on the number of rows.</summary>
    public static PlantedBug SumByRowCount { get; } = Of(
        "sum-depends-on-row-count", "A product is summed in two halves as soon as several rows share a call.", b => new SumDependsOnRowCount(b));

    /// <summary>The last row of a call is left out.</summary>
    public static PlantedBug TailForgotten { get; } = Of(
        "last-row-forgotten", "The last row of every odd call is left out, as in an unrolled loop without its tail.", b => new UnrolledTailForgotten(b));

    /// <summary>A bias is lost.</summary>
    public static PlantedBug BiasForgotten { get; } = Of(
        "bias-forgotten", "Accumulating products leave their bias out.", b => new BiasForgottenWhenAccumulating(b));

    /// <summary>Inputs are off by an ulp.</summary>
    public static PlantedBug InputsOff { get; } = Of("inputs-off-by-an-ulp", "Every third input is an ulp too large.", b => new InputsRoundedUp(b));

    /// <summary>Tokens are indexed by list.</summary>
    public static PlantedBug TokensByIndex { get; } = Of(
        "tokens-by-list-index", "Tokens are looked up by place in the list of rows.", b => new TokensByListIndex(b));

    /// <summary>Output rows are ignored.</summary>
    public static PlantedBug OutRowsIgnored { get; } = Of("out-rows-ignored", "Norms go to the rows they were read from.", b => new NormIgnoresOutRows(b));

    /// <summary>Only one head is normalised.</summary>
    public static PlantedBug FirstHeadOnly { get; } = Of("first-head-only", "Only the first head is normalised.", b => new NormsOnlyFirstHead(b));

    /// <summary>Positions follow slots.</summary>
    public static PlantedBug PositionBySlot { get; } = Of(
        "position-from-slot", "A row's position is taken from its slot.", b => new PositionFromSlot(b));

    /// <summary>The platform's exponential.</summary>
    public static PlantedBug LibraryExp { get; } = Of("library-exponential", "The gate uses the platform's exponential.", b => new LibraryExponential(b));

    /// <summary>Ties go to the higher index.</summary>
    public static PlantedBug TiesUp { get; } = Of("ties-to-higher-index", "Of equal values the later comes first.", b => new TiesToHigherIndex(b));

    /// <summary>Copies go to the wrong row.</summary>
    public static PlantedBug CopyToSource { get; } = Of("copy-to-source-row", "Rows are copied to the numbers they came from.", b => new CopiesToSameRow(b));

    /// <summary>Siblings are visible.</summary>
    public static PlantedBug Siblings { get; } = Of("siblings-visible", "A row of a tree sees its sibling.", b => new SiblingsVisible(b));

    /// <summary>The tail comes first.</summary>
    public static PlantedBug TailFirst { get; } = Of("tail-before-run", "Attention sums a tail before the run it follows.", b => new TailBeforeRun(b));

    /// <summary>The window is too wide.</summary>
    public static PlantedBug WideWindow { get; } = Of("window-one-too-wide", "A row sees one position beyond its window.", b => new WindowOneTooWide(b));

    /// <summary>The source map is ignored.</summary>
    public static PlantedBug NoSources { get; } = Of("source-map-ignored", "Attention reads a layer's own plane whatever stands in for it.", b => new SourceMapIgnored(b));

    /// <summary>Absent slots take part.</summary>
    public static PlantedBug AbsentAsZero { get; } = Of("absent-read-as-zero", "Absent slots take part as zeros.", b => new AbsentReadAsZero(b));

    /// <summary>Grouped heads are mixed up.</summary>
    public static PlantedBug Interleaved { get; } = Of("heads-interleaved", "Query heads are dealt to key heads in turn.", b => new HeadsInterleaved(b));

    /// <summary>Sources stay behind.</summary>
    public static PlantedBug SourcesStay { get; } = Of("move-forgets-sources", "Moving a slot leaves its sources behind.", b => new MoveForgetsSources(b));

    /// <summary>Nothing is moved.</summary>
    public static PlantedBug NotGathered { get; } = Of("path-not-gathered", "An accepted path is committed without its keys and values being gathered.", b => new PathNotGathered(b));

    private static PlantedBug Of(string id, string sentence, Func<Tensor.IBackend, Tensor.IBackend> wrap) =>
        new(id, sentence, subject => subject.WithBackend(wrap) with { Name = $"{subject.Name} with {id}" });
}
