using System.Numerics;
using System.Runtime.CompilerServices;
using Switchyard.Backends.Cpu.Kernels;
using Switchyard.Tensor;

namespace Switchyard.Backends.Cpu.Work;

/// <summary>
/// Attention, a group of rows of one sequence and one key-value head a chunk: a tile is read once for all queries of the group.
/// </summary>
internal unsafe struct AttendWork : IWork
{
    public KernelTable Kernels;
    public CpuMatrix Q, Y;
    public CpuKvStore Kv;
    public AttentionPlan Plan;
    public AttentionShape Shape;
    public int Layer;
    public int* Rows;

    /// <summary>Where in <see cref="Rows"/> each group starts, [groups + 1].</summary>
    public int* Groups;

    /// <summary>For each worker <see cref="ScratchBytes"/>.</summary>
    public byte* Scratch;

    public long ScratchBytes;

    private const int Lanes = KvShape.PageSize;
    private const uint AllLanes = (1u << Lanes) - 1;

    /// <summary>Rows of a group at most.</summary>
    public const int MaxGroupRows = 16;

    /// <summary>Bytes that one worker needs: two tiles, and for every query of a group its sums and outputs.</summary>
    public static long BytesFor(AttentionShape shape)
    {
        int queries = MaxGroupRows * (shape.Heads / shape.KvHeads);
        long floats = 4L * Lanes * shape.HeadDim + (long)queries * (Lanes + PanelLayout.RoundUp(shape.HeadDim));
        return 4 * floats + queries * (long)sizeof(AttentionQuery) + 64;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public readonly void Run(int chunk, int worker)
    {
        int head = chunk % Shape.KvHeads, group = chunk / Shape.KvHeads, heads = Shape.Heads / Shape.KvHeads;
        int first = Groups[group], count = Groups[group + 1] - first, stride = Lanes + PanelLayout.RoundUp(Shape.HeadDim);
        TileScratch tiles = new((float*)(Scratch + worker * ScratchBytes), Lanes * Shape.HeadDim);
        float* states = tiles.End;
        AttentionQuery* queries = (AttentionQuery*)(states + count * heads * stride);
        int from = int.MaxValue, last = 0, shared = Shape.Window > 0 ? 0 : int.MaxValue; // cached positions that all rows see
        for (int i = 0; i < count; i++)
        {
            int row = Rows[first + i], position = Plan.Position(row);
            from = Math.Min(from, Shape.Window > 0 ? Math.Max(0, position - Shape.Window + 1) : 0);
            last = Math.Max(last, position);
            shared = Math.Min(shared, Math.Min(position + 1, Plan.RunLength(row)));
            for (int h = 0; h < heads; h++)
            {
                int column = (head * heads + h) * Shape.HeadDim, q = i * heads + h;
                queries[q] = new AttentionQuery { Q = Q.Row(row) + column, Y = Y.Row(row) + column, State = states + q * stride };
                Kernels.BeginAttention(&queries[q], Shape.HeadDim);
            }
        }
        for (int tile = from / Lanes; tile <= last / Lanes; tile++) Tile(tile, head, (first, count), queries, tiles, (tile + 1) * Lanes <= shared);
        for (int q = 0; q < count * heads; q++) Kernels.EndAttention(&queries[q], Shape.HeadDim);
    }

    // Queries whose tile lies in the store as it is are batched over rows; others have their row's tile gathered. The chain of a query
    // is the same either way.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private readonly void Tile(int tile, int head, (int First, int Count) group, AttentionQuery* queries, TileScratch tiles, bool shared)
    {
        int heads = Shape.Heads / Shape.KvHeads, batched = 0;
        shared = shared && Kv.OwnMask(Layer, Plan.Pages(Rows[group.First]).Pages[tile]) == AllLanes;
        AttentionQuery** batch = stackalloc AttentionQuery*[MostTogether];
        uint* seen = stackalloc uint[MostTogether];
        AttentionTile direct = new() { HeadDim = Shape.HeadDim, Scale = Shape.Scale }; // the tile in the store
        for (int i = 0; i < group.Count; i++)
        {
            int row = Rows[group.First + i];
            bool gather = false;
            uint visible = shared ? AllLanes : Visible(row, tile, out gather);
            if (visible == 0) continue;
            if (gather)
            {
                GatheredRow(row, tile, head, visible, queries + i * heads, tiles);
                continue;
            }
            if (direct.Keys is null) Direct(Plan.Pages(row).Pages, tile, head, tiles, &direct);
            for (int h = 0; h < heads; h++)
            {
                batch[batched] = &queries[i * heads + h];
                seen[batched] = visible;
                if (++batched < Kernels.AttentionTogether) continue;
                Kernels.AttentionTile(batch, seen, batched, &direct);
                direct.AheadStep = 0; // asked for once
                batched = 0;
            }
        }
        if (batched > 0) Kernels.AttentionTile(batch, seen, batched, &direct);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private readonly void GatheredRow(int row, int tile, int head, uint visible, AttentionQuery* queries, TileScratch tiles)
    {
        int heads = Shape.Heads / Shape.KvHeads;
        AttentionQuery** batch = stackalloc AttentionQuery*[MostTogether];
        uint* seen = stackalloc uint[MostTogether];
        Gather(row, tile, head, visible, tiles);
        AttentionTile gathered = new() { HeadDim = Shape.HeadDim, Scale = Shape.Scale, Keys = tiles.GatheredKeys, Values = tiles.GatheredValues };
        gathered.KeysAhead = (byte*)gathered.Keys;
        gathered.ValuesAhead = (byte*)gathered.Values;
        for (int h = 0; h < heads; h += Kernels.AttentionTogether)
        {
            int count = Math.Min(Kernels.AttentionTogether, heads - h);
            for (int i = 0; i < count; i++)
            {
                batch[i] = &queries[h + i];
                seen[i] = visible;
            }
            Kernels.AttentionTile(batch, seen, count, &gathered);
        }
    }

    /// <summary>The lanes of a tile that a row sees, and whether they must be gathered.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private readonly uint Visible(int row, int tile, out bool gather)
    {
        int position = Plan.Position(row), start = tile * Lanes, run = Plan.RunLength(row);
        gather = false;
        int low = Shape.Window > 0 ? Math.Max(0, position - Shape.Window + 1 - start) : 0, high = Math.Min(Lanes, position - start + 1);
        if (high <= low) return 0;
        uint lanes = (1u << high) - (1u << low);
        if (start + high <= run)
        {
            uint own = Kv.OwnMask(Layer, Plan.Pages(row).Pages[tile]);
            if ((lanes & ~own) == 0) return lanes;
        }
        uint visible = lanes;
        for (uint rest = lanes; rest != 0; rest &= rest - 1)
        {
            int lane = BitOperations.TrailingZeroCount(rest);
            short source = Kv.Source(Layer, Slot(row, start + lane));
            if (source == KvStore.Absent) visible &= ~(1u << lane);
            else gather |= source != Layer || start + lane >= run;
        }
        return visible;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly int Slot(int row, int position)
    {
        int run = Plan.RunLength(row);
        return Plan.Pages(row).StoreSlot(position < run ? position : Plan.Tail(row)[position - run]);
    }

    // A head's tiles lie pages apart, where the processor does not look ahead by itself.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private readonly void Direct(ReadOnlySpan<int> pages, int tile, int head, TileScratch tiles, AttentionTile* direct)
    {
        byte* keys = Kv.Keys(Layer, pages[tile], head), values = Kv.Values(Layer, pages[tile], head);
        bool more = tile + 1 < pages.Length;
        direct->KeysAhead = more ? Kv.Keys(Layer, pages[tile + 1], head) : keys;
        direct->ValuesAhead = more ? Kv.Values(Layer, pages[tile + 1], head) : values;
        direct->AheadStep = more ? Lanes * Kv.ElementBytes : 0;
        direct->Keys = (float*)keys;
        direct->Values = (float*)values;
        if (Kv.Shape.DType == DType.F32) return;
        int elements = Lanes * Shape.HeadDim;
        Kernels.Widen((Half*)keys, elements, tiles.WideKeys);
        Kernels.Widen((Half*)values, elements, tiles.WideValues);
        direct->Keys = tiles.WideKeys;
        direct->Values = tiles.WideValues;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private readonly void Gather(int row, int tile, int head, uint visible, TileScratch tiles)
    {
        int headDim = Shape.HeadDim;
        for (uint rest = visible; rest != 0; rest &= rest - 1)
        {
            int lane = BitOperations.TrailingZeroCount(rest), slot = Slot(row, tile * Lanes + lane);
            short source = Kv.Source(Layer, slot);
            float* keys = tiles.GatheredKeys + lane, values = tiles.GatheredValues + lane * headDim;
            if (source == KvStore.Zero)
            {
                for (int d = 0; d < headDim; d++) (keys[d * Lanes], values[d]) = (0, 0);
                continue;
            }
            int page = slot / Lanes, at = slot % Lanes;
            byte* fromKeys = Kv.Keys(source, page, head), fromValues = Kv.Values(source, page, head);
            for (int d = 0; d < headDim; d++)
            {
                keys[d * Lanes] = Kv.Get(fromKeys, d * Lanes + at);
                values[d] = Kv.Get(fromValues, at * headDim + d);
            }
        }
    }

    private const int MostTogether = AttentionKernels<LanesScalar>.MostTogether;

    /// <summary>Room for a gathered tile and a widened one.</summary>
    private readonly struct TileScratch(float* start, int elements)
    {
        public float* GatheredKeys => start;

        public float* GatheredValues => start + elements;

        public float* WideKeys => start + 2 * elements;

        public float* WideValues => start + 3 * elements;

        public float* End => start + 4 * elements;
    }
}
