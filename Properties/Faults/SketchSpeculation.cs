using Switchyard.Model;
using Switchyard.Strategies;
using Switchyard.Strategies.Sampling;

namespace Switchyard.Properties.Faults;

/// <summary>What a <see cref="SketchSpeculation"/> does wrong.</summary>
internal enum SketchFault
{
    None,
    SamplesLate,
    ChildWithoutParent,
    PathNotGathered,
    DraftTaken,
    FirstSamplerForAll,
}

/// <summary>
/// Tree speculation in its shortest form, with random guesses: right as it stands, and a place where each mistake of the
/// trade can be made.
/// </summary>
internal sealed class SketchSpeculation(ModelRunner target, SketchFault fault) : IDecodingStrategy
{
    private const int Guesses = 10, PromptChunk = 8;

    private readonly Sampler _sampler = new();
    private readonly float[] _logits = new float[target.Model.Config.VocabSize];

    public string Name => $"sketch-{fault}";

    public DecodingGuarantee Guarantee => DecodingGuarantee.Lossless;

    /// <summary>Rows of one request in this step: what was fed, then the guesses below its last row.</summary>
    private sealed record Draft(DecodingRequest Request, KvSequence Kv, List<int> Fed, bool Complete)
    {
        public List<(int Token, int Parent, int Row)> Nodes { get; } = [];
    }

    public bool TryAdmit(DecodingRequest request)
    {
        int slots = Math.Min(target.Model.ContextLength, request.PromptLength + (request.Options.MaxNewTokens ?? int.MaxValue / 2) - 1);
        if (target.Pool.TryRent(slots + Guesses) is not { } kv) return false;
        (request.State, request.ContextLimit) = (kv, Math.Min(request.ContextLimit, target.Model.ContextLength));
        return true;
    }

    public StepStats Step(ReadOnlySpan<DecodingRequest> batch)
    {
        var drafts = new List<Draft>();
        foreach (DecodingRequest request in batch)
            if (Begin(request, batch.Length) is { } draft) drafts.Add(draft);
        int[] rows = [.. drafts.SelectMany(d => d.Fed.Concat(d.Nodes.Select(n => n.Row)))];
        target.Forward(rows);
        int emitted = 0, drafted = 0, accepted = 0;
        foreach (Draft draft in drafts)
        {
            int before = draft.Request.Output.Length;
            int kept = draft.Complete ? Verify(draft, batch[0]) : Keep(draft, []);
            (emitted, drafted, accepted) = (emitted + draft.Request.Output.Length - before, drafted + draft.Nodes.Count, accepted + kept);
        }
        target.Batch.Clear();
        return new StepStats(emitted, drafted, accepted, (long)rows.Length * target.Model.Config.LayerCount, TargetForwards: 1);
    }

    public void Release(DecodingRequest request)
    {
        if (request.State is KvSequence kv) target.Pool.Return(kv);
        request.State = null;
    }

    public void Dispose() => target.Dispose();

    /// <summary>Feeds what the cache lacks, and guesses once the last token is among it.</summary>
    private Draft? Begin(DecodingRequest request, int company)
    {
        var kv = (KvSequence)request.State!;
        kv.Reconcile(request.Tokens);
        int share = target.Batch.Capacity / company, count = Math.Min(Math.Min(PromptChunk, share), request.Tokens.Length - kv.Length);
        count = Math.Min(count, target.Batch.FreeRows);
        if (count == 0) return null;
        var fed = new List<int>();
        foreach (int token in request.Tokens.Slice(kv.Length, count)) fed.Add(target.Batch.Add(kv, token, fed.Count == 0 ? ForwardBatch.Root : fed[^1]));
        var draft = new Draft(request, kv, fed, kv.Length + kv.Staged == request.Tokens.Length);
        if (draft.Complete) Guess(draft, share - count);
        return draft;
    }

    private void Guess(Draft draft, int room)
    {
        var random = new CaseRandom((ulong)draft.Request.Tokens.Length * 2654435761 + draft.Request.Seed);
        int deepest = draft.Request.Tokens.Length - 1 + Math.Max(0, draft.Request.RemainingTokens - 1);
        int count = Math.Min(Math.Min(Guesses, room), Math.Min(target.Batch.FreeRows, draft.Kv.Room));
        for (int i = 0; i < count; i++)
        {
            int parent = draft.Nodes.Count < 4 ? -1 : random.Below(draft.Nodes.Count), row = parent < 0 ? draft.Fed[^1] : draft.Nodes[parent].Row;
            int token = random.Below(Math.Min(TinyModels.VocabSize, _logits.Length));
            if (target.Batch.Positions[row] >= Math.Min(deepest, target.Model.ContextLength - 1)) continue;
            draft.Nodes.Add((token, parent, target.Batch.Add(draft.Kv, token, row)));
        }
    }

    /// <summary>Follows the tokens that the target would itself have chosen.</summary>
    private int Verify(Draft draft, DecodingRequest first)
    {
        var path = new List<int>();
        for (int node = -1; ;)
        {
            int token = Choose(draft, node < 0 ? draft.Fed[^1] : draft.Nodes[node].Row, first);
            int child = draft.Nodes.FindIndex(n => n.Parent == node && n.Token == token);
            if (fault == SketchFault.ChildWithoutParent && child < 0) child = draft.Nodes.FindIndex(n => n.Token == token && Depth(draft, n.Parent) == path.Count);
            if (fault == SketchFault.DraftTaken && child < 0) child = draft.Nodes.FindIndex(n => n.Parent == node && n.Token % 4 == 0);
            if (child >= 0) token = draft.Nodes[child].Token;
            bool goesOn = draft.Request.Emit(token);
            if (child < 0 || !goesOn) break;
            path.Add(child);
            node = child;
        }
        return Keep(draft, path);
    }

    private int Choose(Draft draft, int row, DecodingRequest first)
    {
        target.Model.Readout(target.Batch, [row], target.Model.FinalExit, _logits);
        SamplerState state = draft.Request.Sampler;
        if (fault == SketchFault.FirstSamplerForAll) state = new SamplerState(draft.Request.Options, first.Seed, draft.Request.Tokens);
        if (fault == SketchFault.SamplesLate)
        {
            state = state.Copy();
            state.Advance(0);
        }
        return _sampler.Choose(_logits, state).Token;
    }

    private static int Depth(Draft draft, int node) => node < 0 ? 0 : 1 + Depth(draft, draft.Nodes[node].Parent);

    private int Keep(Draft draft, List<int> path)
    {
        int[] slots = [.. draft.Fed.Concat(path.Select(n => draft.Nodes[n].Row)).Select(target.Batch.Slot)];
        if (fault != SketchFault.PathNotGathered)
        {
            draft.Kv.Commit(slots);
            return path.Count;
        }
        // The tokens are right, their keys and values are whatever was staged first.
        Restage(draft, slots);
        return path.Count;
    }

    private void Restage(Draft draft, int[] slots)
    {
        int length = draft.Kv.Length;
        draft.Kv.Rollback();
        foreach (int token in draft.Request.Tokens.Slice(length, slots.Length))
        {
            int slot = draft.Kv.Stage(token);
            for (int layer = 0; layer < target.Model.Config.LayerCount; layer++) draft.Kv.Store.SetSource(layer, draft.Kv.Pages.StoreSlot(slot), (short)layer);
        }
        draft.Kv.CommitAll();
    }
}
