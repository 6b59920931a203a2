using Switchyard.Model;
using Switchyard.Strategies;
using Switchyard.Strategies.Auto;

namespace Switchyard.Kinds;

/// <summary>The automatic choice by name: whatever lossless strategies fit the model take turns on one cache, as they measure.</summary>
internal static class AutoKind
{
    private const int RowsPerRequest = 17; // of the arena; one request alone may use what prompts leave
    private static readonly TimeSpan WarmUp = TimeSpan.FromMilliseconds(300);

    public static StrategyKind Kind { get; } = new(
        "auto", "auto:drafts=PATH+PATH", "Whichever of the lossless strategies measures fastest, never more than 1 % and two steps slower than plain; the default.",
        DecodingGuarantee.Lossless, Create);

    private static AutoStrategy Create(StrategySpec spec, StrategyContext context)
    {
        spec.AllowOnly("drafts");
        ModelRunner target = context.NewTargetRunner(RowsPerRequest);
        try
        {
            bool given = spec.Has("drafts");
            var arms = new AutoArms(context, given ? spec.List("drafts") : EmbeddedFamily.SmallerThan(context.TargetPath), given);
            var strategy = new AutoStrategy(target, arms.Factories, new AutoOptions { Time = context.Options.Time }, arms.Names) { LeftOut = arms.LeftOut, Copier = arms.Lookup };
            if (!context.IsTrial) strategy.WarmUp(Beginning(context), WarmUp);
            return strategy;
        }
        catch
        {
            target.Dispose();
            throw;
        }
    }

    /// <summary>A few tokens that repeat themselves, so that lookup has something to find.</summary>
    private static int[] Beginning(StrategyContext context)
    {
        int first = context.Tokenizer.BosId ?? context.Target.Config.BosTokenId ?? 0, most = Math.Min(context.Tokenizer.VocabularySize, context.Target.Config.VocabSize);
        int[] tokens = [first, 1, 2, 3, 4, 1, 2, 3, 4, 1, 2, 3];
        return tokens.All(token => token < most) ? tokens[..Math.Min(tokens.Length, Math.Max(1, context.Target.ContextLength / 2))] : [first];
    }
}
