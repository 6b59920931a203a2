using Switchyard.Tensor;

namespace Switchyard.Properties;

/// <summary>Where the tokens of an <see cref="AttendCase"/> lie in a store. What a token's keys are does not depend on it.</summary>
internal sealed class AttendLayout
{
    /// <summary>The layer that attends, of <see cref="Layers"/>.</summary>
    public const int Layer = 1;

    private const int Layers = 3, FirstRowToken = 1000;

    private readonly AttendCase _case;
    private readonly List<Placement> _sequences = [];
    private readonly List<(int Sequence, int Context, int Parent, int Slot)> _rows = [];

    private AttendLayout(AttendCase source) => _case = source;

    /// <summary>A token of a sequence: what it is, and the slot it lies in.</summary>
    private readonly record struct Entry(int Token, int Slot);

    /// <param name="Of">The sequence of the case whose tokens these are.</param>
    /// <param name="Entries">Tokens and slots.</param>
    private sealed record Placement(int Of, List<Entry> Entries)
    {
        public PageTable Pages { get; } = new();

        public int PageCount => Entries.Count == 0 ? 1 : Entries.Max(e => e.Slot) / KvShape.PageSize + 1;
    }

    /// <summary>Rows of a sequence share it, as a step stages them.</summary>
    public static AttendLayout Trees(AttendCase source)
    {
        var layout = new AttendLayout(source);
        for (int s = 0; s < source.Sequences; s++) layout._sequences.Add(new(s, ContextOf(source, s)));
        int[] next = [.. Enumerable.Range(0, source.Sequences).Select(s => source.Context + 5 * s)];
        (int Sequence, int Parent)[] rows = Family(source);
        for (int r = 0; r < rows.Length; r++)
        {
            int s = rows[r].Sequence, slot = next[s]++;
            if (source.Branching == 3 && r % 4 == 1) next[s]++; // a slot that some row staged and left
            layout._sequences[s].Entries.Add(new(FirstRowToken + r, slot));
            layout._rows.Add((s, source.Context + 5 * s, rows[r].Parent, slot));
        }
        return layout.AssignPages();
    }

    /// <summary>Every row has a sequence of its own, in which its ancestors are committed.</summary>
    public static AttendLayout Unbranched(AttendCase source)
    {
        var layout = new AttendLayout(source);
        (int Sequence, int Parent)[] rows = Family(source);
        for (int r = 0; r < rows.Length; r++)
        {
            var path = new List<int>();
            for (int at = r; at >= 0; at = rows[at].Parent) path.Insert(0, at);
            List<Entry> entries = ContextOf(source, rows[r].Sequence);
            foreach (int row in path) entries.Add(new(FirstRowToken + row, entries.Count));
            layout._sequences.Add(new(rows[r].Sequence, entries));
            layout._rows.Add((r, entries.Count - 1, -1, entries.Count - 1));
        }
        return layout.AssignPages();
    }

    /// <summary>A store that holds the tokens' keys and values, with rubbish in every slot that holds none.</summary>
    public KvStore Store(IBackend backend)
    {
        AttentionShape shape = _case.Shape;
        int pages = _sequences.Sum(s => s.PageCount);
        KvStore store = backend.AllocateKv(new KvShape(Layers, pages, shape.KvHeads, shape.HeadDim, _case.CacheType));
        for (int layer = 0; layer < Layers; layer++)
        {
            int current = layer;
            Write(backend, store, layer, [.. Enumerable.Range(0, store.Shape.Slots)], _ => Rubbish(store.Shape.KvDim));
            foreach (Placement sequence in _sequences)
                Write(backend, store, layer, [.. sequence.Entries.Select(e => sequence.Pages.StoreSlot(e.Slot))], i => Numbers(sequence, i, current));
        }
        for (int slot = 0; slot < store.Shape.Slots; slot++) store.ResetSources(slot);
        foreach (Placement sequence in _sequences)
            foreach (Entry entry in sequence.Entries)
                for (int layer = 0; layer < Layers; layer++) store.SetSource(layer, sequence.Pages.StoreSlot(entry.Slot), SourceOf(sequence.Of, entry.Token, layer));
        return store;
    }

    /// <summary>What every row of the case sees, at its place in <paramref name="arrangement"/>.</summary>
    public AttentionPlan Plan(Arrangement arrangement)
    {
        var plan = new AttentionPlan(arrangement.Capacity);
        for (int r = 0; r < _rows.Count; r++)
        {
            (int sequence, int context, int parent, int slot) = _rows[r];
            if (parent < 0) plan.Root(arrangement.Places[r], _sequences[sequence].Pages, context, slot);
            else plan.Extend(arrangement.Places[r], arrangement.Places[parent], slot);
        }
        return plan;
    }

    private static List<Entry> ContextOf(AttendCase source, int sequence) =>
        [.. Enumerable.Range(0, source.Context + 5 * sequence).Select(p => new Entry(p, p))];

    /// <summary>Sequence and parent of every row; each row's depends only on the rows before it, so that fewer rows are a prefix.</summary>
    private static (int Sequence, int Parent)[] Family(AttendCase source)
    {
        var rows = new (int Sequence, int Parent)[source.Rows];
        for (int r = 0; r < rows.Length; r++)
        {
            var random = new CaseRandom(source.Seed * 31 + r);
            int sequence = random.Below(source.Sequences);
            int[] earlier = [.. Enumerable.Range(0, r).Where(i => rows[i].Sequence == sequence)];
            int parent = earlier.Length == 0 ? -1
                : source.Branching == 0 ? earlier[^1]
                : random.Below(4) == 0 ? -1
                : earlier[random.Below(earlier.Length)];
            rows[r] = (sequence, parent);
        }
        return rows;
    }

    private AttendLayout AssignPages()
    {
        int[] order = new CaseRandom(_case.Seed + 7).Shuffled(_sequences.Sum(s => s.PageCount));
        int next = 0;
        foreach (Placement sequence in _sequences)
            for (int p = 0; p < sequence.PageCount; p++) sequence.Pages.Push(order[next++]);
        return this;
    }

    private short SourceOf(int sequence, int token, int layer)
    {
        if (!_case.MixedSources || token >= FirstRowToken) return (short)layer; // a row always has its own
        return new CaseRandom(_case.Seed ^ (sequence * 7919 + token * 31 + layer)).Below(8) switch
        {
            0 => KvStore.Absent,
            1 => KvStore.Zero,
            2 => (short)((layer + 1) % Layers),
            _ => (short)layer,
        };
    }

    private float[] Numbers(Placement sequence, int entry, int layer) =>
        new CaseRandom(_case.Seed + 104729 * (sequence.Of * Layers + layer) + sequence.Entries[entry].Token)
            .Normals(2 * _case.Shape.KvHeads * _case.Shape.HeadDim);

    private static float[] Rubbish(int dim) => [.. Enumerable.Range(0, 2 * dim).Select(i => i % 2 == 0 ? float.NaN : float.PositiveInfinity)];

    /// <summary>Stores keys and values, [2 · KvDim] for each slot.</summary>
    private static void Write(IBackend backend, KvStore store, int layer, int[] slots, Func<int, float[]> numbers)
    {
        if (slots.Length == 0) return;
        int dim = store.Shape.KvDim;
        int[] rows = [.. Enumerable.Range(0, slots.Length)];
        float[][] all = [.. rows.Select(numbers)];
        using Matrix k = backend.Allocate(slots.Length, dim), v = backend.Allocate(slots.Length, dim);
        backend.Write(k, dim, rows, all.SelectMany(n => n[..dim]).ToArray());
        backend.Write(v, dim, rows, all.SelectMany(n => n[dim..]).ToArray());
        backend.StoreKv(store, layer, k, v, slots, rows);
    }
}
