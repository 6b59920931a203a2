using FsCheck;
using FsCheck.Fluent;
using Switchyard.Properties.Faults;
using Switchyard.Tensor;

namespace Switchyard.Properties;

/// <summary>What every <see cref="IBackend"/> owes, operation by operation.</summary>
public static class BackendLaws
{
    private static readonly Gen<int> Seeds = Gen.Choose(0, 1 << 30);

    /// <summary>Rows: mostly few; sometimes enough for every tile of a kernel.</summary>
    private static readonly Gen<int> RowCounts = Gen.Frequency((6, Gen.Choose(1, 5)), (2, Gen.Choose(6, 17)), (1, Gen.Choose(18, 40)));

    /// <summary>Every law.</summary>
    public static IReadOnlyList<Law> All { get; } =
    [
        .. Of("matmul", MatMuls, 60, [PlantedBackendBugs.SumByRowCount], [PlantedBackendBugs.InputsOff, PlantedBackendBugs.BiasForgotten]),
        .. Of("embed", Embeds, 30, [PlantedBackendBugs.TokensByIndex], [PlantedBackendBugs.TokensByIndex]),
        .. Of("rmsnorm", Norms, 30, [], [PlantedBackendBugs.OutRowsIgnored]),
        .. Of("rmsnorm-heads", HeadNorms, 30, [], [PlantedBackendBugs.FirstHeadOnly]),
        .. Of("rope", Ropes, 30, [PlantedBackendBugs.PositionBySlot], [PlantedBackendBugs.PositionBySlot]),
        .. Of("swiglu", SwiGlus, 30, [], [PlantedBackendBugs.LibraryExp]),
        .. Of("topk", TopKs, 40, [], [PlantedBackendBugs.TiesUp]),
        .. Of("copy", Copies, 20, [], [PlantedBackendBugs.CopyToSource]),
        .. Of(
            "attend", Attends, 60, [],
            [
                PlantedBackendBugs.Siblings, PlantedBackendBugs.WideWindow, PlantedBackendBugs.NoSources, PlantedBackendBugs.AbsentAsZero,
                PlantedBackendBugs.Interleaved, PlantedBackendBugs.TailFirst,
            ]),
        TreeAttention, Moves,
    ];

    private static CheckedLaw<AttendCase> TreeAttention => new(
        "tree/attend", LawKind.Backend,
        "A row that branches off in a tree attends, bit for bit, as the last token of a plain sequence.",
        Shrinking(Attends), 60,
        (run, c) => Applied(run, c, backend => Bits.Compare(
            c.Execute(backend, Arrangement.Scattered(c.Rows, c.Seed)), c.ExecuteUnbranched(run.Backend(2), Arrangement.Together(c.Rows)),
            "in the tree", "in a sequence of its own")),
        PlantedBackendBugs.Siblings, PlantedBackendBugs.TailFirst);

    private static CheckedLaw<KvMoveCase> Moves => new(
        "kv/move", LawKind.Backend,
        "Storing and moving slots leaves keys, values and sources of every layer where a plain array would have them.",
        Arb.From(KvMoves, c => c.Smaller()), 30,
        (run, c) => Bits.Compare(c.Execute(run.Backend()), c.Execute(run.Reference), "on the subject", "on the reference"),
        PlantedBackendBugs.SourcesStay, PlantedBackendBugs.NotGathered);

    private static Gen<MatMulCase> MatMuls =>
        from format in Gen.Frequency((1, Gen.Constant(DType.F32)), (4, Gen.Elements(RandomWeights.Formats)))
        from rows in RowCounts
        from blocks in format.IsBlockFormat() ? Gen.Choose(1, format.BlockElements() == 256 ? 2 : 5) : Gen.Choose(1, 130)
        from outs in Gen.Choose(1, 70).NonEmptyListOf().Select(l => l.Take(3).ToArray())
        from flags in Gen.Choose(0, 15)
        from seed in Seeds
        select new MatMulCase(format, rows, blocks * format.BlockElements(), outs, (flags & 1) != 0, (flags & 2) != 0, flags >> 2 == 3, seed);

    private static Gen<EmbedCase> Embeds =>
        from format in Gen.Elements(RandomWeights.Formats)
        from rows in RowCounts
        from blocks in Gen.Choose(1, format.IsBlockFormat() ? 3 : 70)
        from seed in Seeds
        select new EmbedCase(format, rows, blocks * format.BlockElements(), seed);

    private static Gen<RmsNormCase> Norms =>
        from rows in RowCounts
        from dim in Gen.Choose(1, 150)
        from other in Gen.Elements(true, false)
        from seed in Seeds
        select new RmsNormCase(rows, dim, other, seed);

    private static Gen<RmsNormHeadsCase> HeadNorms =>
        from rows in RowCounts
        from heads in Gen.Choose(1, 5)
        from half in Gen.Choose(1, 20)
        from seed in Seeds
        select new RmsNormHeadsCase(rows, heads, 2 * half, seed);

    private static Gen<RopeCase> Ropes =>
        from rows in RowCounts
        from heads in Gen.Choose(1, 5)
        from half in Gen.Choose(1, 20)
        from seed in Seeds
        select new RopeCase(rows, heads, 2 * half, seed);

    private static Gen<SwiGluCase> SwiGlus =>
        from rows in RowCounts
        from cols in Gen.Choose(1, 150)
        from spare in Gen.Choose(0, 3)
        from seed in Seeds
        select new SwiGluCase(rows, cols, spare, seed);

    private static Gen<TopKCase> TopKs =>
        from rows in RowCounts
        from cols in Gen.Choose(1, 150)
        from count in Gen.Choose(1, Math.Min(cols, 20))
        from levels in Gen.Elements(0, 1, 4)
        from seed in Seeds
        select new TopKCase(rows, cols, count, levels, seed);

    private static Gen<CopyRowsCase> Copies =>
        from rows in RowCounts
        from cols in Gen.Choose(1, 150)
        from seed in Seeds
        select new CopyRowsCase(rows, cols, seed);

    private static Gen<AttendCase> Attends =>
        from rows in Gen.Frequency((6, Gen.Choose(1, 6)), (1, Gen.Choose(7, 18)))
        from sequences in Gen.Choose(1, 3)
        from context in Gen.Choose(0, 60)
        from branching in Gen.Choose(0, 3)
        from kvHeads in Gen.Choose(1, 3)
        from queriesPerKey in Gen.Choose(1, 3)
        from half in Gen.Choose(1, 20)
        from window in Gen.Frequency((2, Gen.Constant(0)), (1, Gen.Choose(1, 24)))
        from cache in Gen.Frequency((3, Gen.Constant(DType.F32)), (1, Gen.Constant(DType.F16)))
        from mixed in Gen.Elements(true, false)
        from seed in Seeds
        select new AttendCase(
            rows, sequences, context, branching,
            new AttentionShape(kvHeads * queriesPerKey, kvHeads, 2 * half, 1 / MathF.Sqrt(2 * half), window), cache, mixed, seed);

    private static Gen<KvMoveCase> KvMoves =>
        from cache in Gen.Elements(DType.F32, DType.F16)
        from pages in Gen.Choose(1, 3)
        from steps in Gen.Choose(1, 30)
        from seed in Seeds
        select new KvMoveCase(cache, pages, steps, seed);

    /// <summary>The three laws that hold for every operation.</summary>
    private static IEnumerable<Law> Of<TCase>(
        string operation, Gen<TCase> cases, int count, IReadOnlyList<PlantedBug> rowBugs, IReadOnlyList<PlantedBug> valueBugs)
        where TCase : OperationCase
    {
        yield return new CheckedLaw<TCase>(
            $"rows/{operation}", LawKind.Backend,
            "The bits of a row depend on that row alone: not on its company, its order, its place, or the number of threads.",
            Shrinking(cases), count, (run, c) => Applied(run, c, backend => RowsAlone(run, backend, c)),
            [PlantedBackendBugs.TailForgotten, .. rowBugs]);
        yield return new CheckedLaw<TCase>(
            $"reference/{operation}", LawKind.Backend,
            "Results are, bit for bit, the canonical sums that the naive reference computes.",
            Shrinking(cases), count,
            (run, c) => Applied(run, c, backend => Bits.Compare(
                c.Execute(backend, Arrangement.Scattered(c.Rows, c.Seed)), c.Execute(run.Reference, Arrangement.Together(c.Rows)),
                "on the subject", "on the reference")),
            valueBugs);
        yield return new CheckedLaw<TCase>(
            $"double/{operation}", LawKind.Backend,
            "Results are within the operation's tolerance of the textbook formula in double precision.",
            Shrinking(cases), count,
            (run, c) => Applied(run, c, backend => Bits.Close(
                c.Execute(backend, Arrangement.Scattered(c.Rows, c.Seed)), c.Execute(run.InDoublePrecision, Arrangement.Together(c.Rows)), c.Tolerance)),
            [.. valueBugs.Where(b => !OnlyInTheLastBits(b))]);
    }

    private static Verdict RowsAlone(LawRun run, IBackend backend, OperationCase c)
    {
        float[][] alone = c.Execute(backend, Arrangement.Alone(c.Rows));
        Verdict together = Bits.Compare(c.Execute(run.Backend(2), Arrangement.Together(c.Rows)), alone, "together on two threads", "alone");
        return together.Outcome == LawOutcome.Held
            ? Bits.Compare(c.Execute(backend, Arrangement.Scattered(c.Rows, c.Seed)), alone, "in scattered company", "alone")
            : together;
    }

    private static Verdict Applied(LawRun run, OperationCase c, Func<IBackend, Verdict> judge) =>
        c.RefusedBy(run.Backend()) is { } why ? Verdict.NotApplicable(why) : judge(run.Backend());

    /// <summary>Mistakes that only a comparison of bits can see; that is what the canonical sums are for.</summary>
    private static bool OnlyInTheLastBits(PlantedBug bug) =>
        bug == PlantedBackendBugs.InputsOff || bug == PlantedBackendBugs.LibraryExp || bug == PlantedBackendBugs.TailFirst;

    private static Arbitrary<TCase> Shrinking<TCase>(Gen<TCase> cases)
        where TCase : OperationCase => Arb.From(cases, c => c.Smaller().Cast<TCase>());
}
