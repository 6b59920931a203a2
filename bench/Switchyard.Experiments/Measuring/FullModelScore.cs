using Switchyard.Model;
using Switchyard.Tensor;

namespace Switchyard.Experiments.Measuring;

/// <summary>How likely the whole model holds what was generated: the quality of outputs, whoever made them.</summary>
internal static class FullModelScore
{
    /// <summary>Mean negative log-probability of each text after its prompt, in nats a token.</summary>
    public static double[] MeanNll(TransformerModel model, IReadOnlyList<(int[] Tokens, int PromptLength)> texts)
    {
        using var runner = new ModelRunner(model, TransformerModel.ReadoutChunk, model.ContextLength);
        return [.. texts.Select(text => Score(runner, text.Tokens, text.PromptLength))];
    }

    private static double Score(ModelRunner runner, int[] tokens, int promptLength)
    {
        KvSequence kv = runner.Pool.TryRent(tokens.Length) ?? throw new InvalidOperationException($"There is no cache room for {tokens.Length} tokens.");
        int[] rows = new int[TransformerModel.ReadoutChunk];
        double sum = 0;
        while (kv.Length < tokens.Length - 1)
        {
            int first = kv.Length, count = runner.Feed(kv, tokens.AsSpan(0, tokens.Length - 1), rows);
            runner.Forward(rows.AsSpan(0, count));
            kv.CommitAll();
            var reader = new Reader(tokens, first, promptLength);
            runner.Model.Readout(runner.Batch, rows.AsSpan(0, count), runner.Model.FinalExit, ref reader);
            runner.Batch.Remove(rows.AsSpan(0, count));
            sum += reader.Sum;
        }
        runner.Pool.Return(kv);
        return sum / (tokens.Length - promptLength);
    }

    private struct Reader(int[] tokens, int first, int promptLength) : ILogitsReader
    {
        public double Sum { get; private set; }

        public void Read(int index, ReadOnlySpan<float> logits)
        {
            int next = first + index + 1;
            if (next < promptLength) return;
            float best = float.NegativeInfinity;
            foreach (float logit in logits) best = Math.Max(best, logit);
            double total = 0;
            foreach (float logit in logits) total += CanonicalMath.Exp((double)logit - best);
            Sum += CanonicalMath.Log(total) - (logits[tokens[next]] - (double)best);
        }
    }
}
