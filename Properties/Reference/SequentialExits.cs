using Switchyard.Model;
using Switchyard.Strategies;
using Switchyard.Strategies.Drex;
using Switchyard.Strategies.Sampling;

namespace Switchyard.Properties.Reference;

/// <summary>A token of the reference: what, at which depth, how sure.</summary>
internal readonly record struct ExitToken(int Token, int Depth, float Confidence);

/// <summary>
/// The exit rule run on one request at a time, in the plainest way: what the default form must equal for any company.
/// </summary>
internal static class SequentialExits
{
    /// <param name="exact">Rows that left run on at once (postfill, latency-only); otherwise the source map fills in.</param>
    public static List<ExitToken> Decode(
        ModelRunner runner, int[] prompt, GenerationOptions options, IReadOnlyList<int> exits, float threshold, bool exact, IConfidenceSource? source = null) =>
        Decode(runner, new DecodingRequest(prompt, options), exits, threshold, exact, source);

    /// <summary>The same for a request that has generated nothing yet.</summary>
    /// <param name="look">Shown the cache at the end.</param>
    public static List<ExitToken> Decode(
        ModelRunner runner, DecodingRequest request, IReadOnlyList<int> exits, float threshold, bool exact, IConfidenceSource? source = null, Action<KvSequence>? look = null)
    {
        request.ContextLimit = runner.Model.ContextLength;
        int[] prompt = request.Tokens.ToArray();
        var sampler = new Sampler();
        var output = new List<ExitToken>();
        KvSequence kv = runner.Pool.TryRent(runner.Model.ContextLength)!;
        float[] logits = new float[runner.Model.Config.VocabSize];
        runner.CatchUp(kv, prompt);
        while (!request.IsFinished)
        {
            int[] row = [runner.Batch.Add(kv, request.Tokens[^1])];
            int position = request.Tokens.Length - 1, depth = 0;
            runner.Model.Embed(runner.Batch, row);
            TokenChoice? choice = null;
            float confidence = 0;
            int left = runner.Model.Config.LayerCount;
            foreach (int exit in exits)
            {
                runner.Model.Run(runner.Batch, row, new(depth, exit));
                depth = exit;
                if (choice is not null || position < prompt.Length) continue;
                confidence = Confidence(runner, row, exit, request, position, source);
                if (!(confidence > threshold)) continue;
                runner.Model.Readout(runner.Batch, row, runner.Model.SharedExit(exit), logits);
                (choice, left) = (sampler.Choose(logits, request.Sampler), exit);
                if (!exact) break;
            }
            if (choice is null || exact) runner.Model.Run(runner.Batch, row, new(depth, runner.Model.Config.LayerCount));
            else runner.Model.FillFromExit(runner.Batch, row[0], depth);
            if (choice is null)
            {
                runner.Model.Readout(runner.Batch, row, runner.Model.FinalExit, logits);
                choice = sampler.Choose(logits, request.Sampler);
            }
            kv.CommitAll();
            runner.Batch.Remove(row);
            request.Emit(choice.Value);
            output.Add(new(choice.Value.Token, left, confidence));
        }
        look?.Invoke(kv);
        runner.Pool.Return(kv);
        return output;
    }

    private static float Confidence(ModelRunner runner, int[] row, int depth, DecodingRequest request, int position, IConfidenceSource? source)
    {
        int[] ids = new int[2];
        float[] values = new float[2], sum = new float[1];
        runner.Model.ReadoutTop(runner.Batch, row, runner.Model.SharedExit(depth), 2, ids, values, sum);
        float gap = Math.Clamp(Tensor.CanonicalMath.Exp(values[0] - sum[0]) - Tensor.CanonicalMath.Exp(values[1] - sum[0]), 0, 1);
        return source?.Confidence(request, position, depth, gap) ?? gap;
    }
}
