using Switchyard.Model;
using Switchyard.Strategies;
using Switchyard.Strategies.Passes;
using Switchyard.Strategies.Sampling;

namespace Switchyard.Tests.Speculation;

/// <summary>The smallest chain speculation, one request a pass, with room for a mistake in it: what the equality tests must catch.</summary>
internal sealed class PlantedStrategy(ModelRunner target, PlantedStrategy.Bug bug) : IDecodingStrategy
{
    private readonly Sampler _sampler = new();
    private readonly float[] _logits = new float[8 * target.Model.Config.VocabSize];
    private readonly int[] _rows = new int[64];

    public enum Bug
    {
        None,
        AcceptsAnyDraft,
        KeepsRejectedSlots,
        ForgetsToAdvanceTheSampler,
        ReadsTheRowAfter,
    }

    public string Name => $"planted ({bug})";

    public DecodingGuarantee Guarantee => DecodingGuarantee.Lossless;

    public bool TryAdmit(DecodingRequest request) => (request.State = Admission.TryReserve(target, request, 8)) is not null;

    public StepStats Step(ReadOnlySpan<DecodingRequest> batch)
    {
        int emitted = 0;
        foreach (DecodingRequest request in batch) emitted += Decode(request, (KvSequence)request.State!);
        return new StepStats(emitted, LayerRows: 1);
    }

    public void Release(DecodingRequest request) => target.Pool.Return((KvSequence)request.State!);

    public void Dispose() => target.Dispose();

    private int Decode(DecodingRequest request, KvSequence kv)
    {
        target.CatchUp(kv, request.Tokens);
        Span<int> draft = stackalloc int[3];
        for (int i = 0; i < draft.Length; i++) draft[i] = (request.Tokens[^1] * 7 + i * (request.Tokens.Length % 3)) % target.Model.Config.VocabSize; // sometimes right
        int count = Math.Clamp(request.RemainingTokens - 1, 0, draft.Length), rows = 0;
        _rows[rows++] = target.Batch.Add(kv, request.Tokens[^1]);
        for (int i = 0; i < count; i++) _rows[rows++] = target.Batch.Add(kv, draft[i], _rows[i]);
        target.Forward(_rows.AsSpan(0, rows));
        target.Model.Readout(target.Batch, _rows.AsSpan(0, rows), target.Model.FinalExit, _logits.AsSpan(0, rows * target.Model.Config.VocabSize));
        int accepted = Walk(request, draft[..count], rows, out int emitted);
        kv.Commit(Enumerable.Range(kv.Length, bug == Bug.KeepsRejectedSlots ? rows : accepted + 1).ToArray());
        target.Batch.Clear();
        return emitted;
    }

    private int Walk(DecodingRequest request, ReadOnlySpan<int> draft, int rows, out int emitted)
    {
        int vocab = target.Model.Config.VocabSize, accepted = 0;
        SamplerState frozen = request.Sampler.Copy();
        for (emitted = 0; ; accepted++)
        {
            int row = bug == Bug.ReadsTheRowAfter ? Math.Min(accepted + 1, rows - 1) : accepted;
            int token = _sampler.Choose(_logits.AsSpan(row * vocab, vocab), bug == Bug.ForgetsToAdvanceTheSampler ? frozen : request.Sampler).Token;
            bool right = accepted < draft.Length && (draft[accepted] == token || bug == Bug.AcceptsAnyDraft);
            bool goesOn = request.Emit(right ? draft[accepted] : token);
            emitted++;
            if (!right || !goesOn) return accepted;
        }
    }
}
