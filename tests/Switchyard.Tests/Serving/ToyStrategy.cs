using Switchyard.Strategies;
using Switchyard.Strategies.Sampling;

namespace Switchyard.Tests.Serving;

/// <summary>
/// A strategy over a "model" that is a hash of the tokens so far: prompts run four tokens a step, then one to three tokens
/// come per step. Knobs make it break in every way an engine has to stand.
/// </summary>
internal sealed class ToyStrategy(int room = int.MaxValue, string name = "toy") : IDecodingStrategy
{
    public const int Vocabulary = 24;

    private readonly Sampler _sampler = new(Vocabulary);
    private readonly float[] _logits = new float[32]; // padded

    private sealed class Progress
    {
        public int Done;
    }

    public string Name => name;
    public DecodingGuarantee Guarantee { get; init; } = DecodingGuarantee.Lossless;
    public int ContextLimit { get; init; } = int.MaxValue;
    public bool CompanyMatters { get; init; }
    public Exception? ReleaseFault { get; init; }
    public Func<int, Exception?> StepFault { get; init; } = _ => null;
    public Action OnStep { get; init; } = () => { };
    public ManualResetEventSlim Gate { get; } = new(true);
    public TaskCompletionSource Stepping { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    public int Steps { get; private set; }
    public int LargestBatch { get; private set; }
    public List<int> Admitted { get; } = []; // prompt lengths, in order
    public int Held { get; private set; }
    public bool Disposed { get; private set; }

    public bool TryAdmit(DecodingRequest request)
    {
        if (request.PromptLength > ContextLimit) throw new InvalidOperationException("The prompt is longer than the context.");
        if (Held + request.PromptLength > room) return false;
        Held += request.PromptLength;
        Admitted.Add(request.PromptLength);
        request.ContextLimit = ContextLimit;
        request.State = new Progress();
        return true;
    }

    public StepStats Step(ReadOnlySpan<DecodingRequest> batch)
    {
        Stepping.TrySetResult();
        Gate.Wait();
        OnStep();
        if (StepFault(++Steps) is { } fault) throw fault;
        LargestBatch = Math.Max(LargestBatch, batch.Length);
        int emitted = 0;
        foreach (DecodingRequest request in batch)
        {
            Assert(!request.IsFinished && request.State is Progress, "a finished or foreign request was stepped");
            var progress = (Progress)request.State!;
            request.Statistics.TargetForwards++;
            if (progress.Done < request.PromptLength)
            {
                progress.Done = Math.Min(request.PromptLength, progress.Done + 4);
                continue;
            }
            int tokens = 1 + request.Tokens.Length % 3;
            for (int i = 0; i < tokens; i++)
            {
                emitted++;
                Fill(request.Tokens, CompanyMatters ? batch.Length : 1);
                if (!request.Emit(_sampler.Choose(_logits, request.Sampler))) break;
            }
        }
        return new StepStats(emitted, TargetForwards: 1);
    }

    public void Release(DecodingRequest request)
    {
        if (ReleaseFault is not null) throw ReleaseFault;
        Assert(request.State is Progress, "released twice");
        request.State = null;
        Held -= request.PromptLength;
    }

    public void Dispose() => Disposed = true;

    private void Fill(ReadOnlySpan<int> tokens, int company)
    {
        uint hash = 2166136261u * (uint)company;
        foreach (int token in tokens) hash = (hash ^ (uint)token) * 16777619;
        for (int i = 0; i < _logits.Length; i++) _logits[i] = ((hash = hash * 1664525 + 1013904223) >> 8) * (6f / (1 << 24));
    }

    private static void Assert(bool holds, string message)
    {
        if (!holds) throw new InvalidOperationException(message);
    }
}
