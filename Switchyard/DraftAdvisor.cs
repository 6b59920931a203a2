using Switchyard.Model;
using Switchyard.Model.Files;
using Switchyard.Model.Text;
using Switchyard.Strategies;
using Switchyard.Strategies.Costs;
using Switchyard.Strategies.Speculation;

namespace Switchyard;

/// <summary>Finds out, in a short measurement, whether a draft serves a target on this machine.</summary>
public static class DraftAdvisor
{
    private const int PieceTokens = SampleTexts.PieceTokens, NewTokens = 32, Length = 4, LongestChain = 16;

    /// <summary>Compares vocabularies by content, then measures passes of both models and how often guesses are right.</summary>
    /// <param name="target">A folder, a .gguf file, or the name of an embedded model.</param>
    /// <param name="draft">Likewise.</param>
    /// <param name="text">Text like that to be generated; null for a few prompts of everyday language.</param>
    /// <param name="options">How the models are opened; null for the defaults.</param>
    /// <param name="cancellation">Stops between steps.</param>
    /// <exception cref="FileNotFoundException">There is no such model.</exception>
    /// <exception cref="ModelFormatException">A model's files are damaged or not supported.</exception>
    public static DraftCheck Check(string target, string draft, string? text = null, LocalModelOptions? options = null, CancellationToken cancellation = default)
    {
        options = (options ?? new()) with { MaxBatch = 1 };
        options.Validate();
        string targetPath = ModelPath.Resolve(target), draftPath = ModelPath.Resolve(draft);
        VocabularyCheck vocabulary = VocabularyCheck.Compare(Tokenizers.Open(targetPath), Tokenizers.Open(draftPath));
        var check = new DraftCheck
        {
            Target = target, Draft = draft,
            TargetVocabulary = vocabulary.TargetCount, DraftVocabulary = vocabulary.DraftCount, DifferingIds = vocabulary.Differing,
        };
        try
        {
            vocabulary.ThrowUnlessFits(target, draft);
        }
        catch (VocabularyException refusal)
        {
            return check with { Refusal = refusal.Message };
        }
        using ModelSession session = ModelSession.Open(targetPath, options, cancellation);
        StrategyContext context = session.StrategyContext(options);
        TransformerModel small = context.OpenDraft(draftPath).Model;
        (int right, int checkedGuesses) = Try(session, context, small, session.Samples(text), cancellation);
        return checkedGuesses == 0 ? check : Predict(check, context, small, right, checkedGuesses);
    }

    /// <summary>Lets the draft guess chains while the target decodes.</summary>
    /// <returns>Guesses that were right, and guesses that the target's choice decided.</returns>
    private static (int Right, int Checked) Try(ModelSession session, StrategyContext context, TransformerModel small, List<int[]> prompts, CancellationToken cancellation)
    {
        int right = 0, seen = 0;
        using SpeculativeStrategy strategy = SpeculativeStrategies.Chain(context.NewTargetRunner(Length + 1), context.NewRunner(small, 2), Length);
        strategy.OnVerified = draft =>
        {
            int accepted = draft.Accepted.Length;
            right += accepted;
            seen += Math.Min(accepted + 1, draft.Walk.Shown);
        };
        ulong seed = 1;
        foreach (int[] prompt in prompts)
        {
            var request = new DecodingRequest(prompt, session.Suggested with { MaxNewTokens = NewTokens, Seed = seed++ }, session.Text);
            if (!strategy.TryAdmit(request)) continue;
            var batch = new[] { request };
            while (!request.IsFinished)
            {
                cancellation.ThrowIfCancellationRequested();
                strategy.Step(batch);
            }
            strategy.Release(request);
        }
        return (right, seen);
    }

    private static DraftCheck Predict(DraftCheck check, StrategyContext context, TransformerModel small, int right, int seen)
    {
        using ModelRunner target = context.NewTargetRunner(LongestChain + 1), draft = context.NewRunner(small);
        TimeProvider time = context.Options.Time;
        var targetCosts = new CostProfiler(target, store: null, time, new CostProfilerOptions { MaxRows = LongestChain, MaxContexts = 1 });
        var draftCosts = new CostProfiler(draft, store: null, time, new CostProfilerOptions { MaxRows = 1, MaxContexts = 1, Repetitions = 9 });
        targetCosts.Calibrate(target.Model.AllLayers);
        draftCosts.Calibrate(small.AllLayers);
        var costs = new ModelPairCosts(targetCosts, target.Model.AllLayers, draftCosts, small.AllLayers);
        double acceptance = (double)right / seen;
        ChainForecast best = ChainForecast.Best(costs, batch: 1, context: PieceTokens, acceptance, LongestChain - 1);
        return check with
        {
            GuessesChecked = seen, Acceptance = acceptance, Length = best.Length, PredictedSpeedUp = best.SpeedUp,
            TargetMs = costs.TargetSeconds(1, PieceTokens, 1) * 1e3, DraftMs = costs.DraftSeconds(1, PieceTokens, 1) * 1e3,
        };
    }
}
