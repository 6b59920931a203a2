using Switchyard.Model;
using Switchyard.Tensor;

namespace Switchyard.Strategies.Drex;

/// <summary>What the exit rule does to a text that is forced on it, one request at a time.</summary>
/// <param name="Positions">Positions that were decided.</param>
/// <param name="Agreement">Part of them whose likeliest token is that of full depth on exact keys and values.</param>
/// <param name="ExitRate">Part of them that left early.</param>
/// <param name="MeanLayers">Mean layers run.</param>
/// <param name="MeanNll">Mean negative log-probability of the text under the distributions that were used, in nats.</param>
/// <param name="FullNll">The same at full depth.</param>
public readonly record struct ExitTrialReport(int Positions, double Agreement, double ExitRate, double MeanLayers, double MeanNll, double FullNll);

/// <summary>
/// Teacher-forced decoding under an exit rule, its effect on later rows included: what a threshold really costs in quality,
/// with missing keys and values named after another layer's or computed.
/// </summary>
public static class ExitTrial
{
    /// <summary>Runs a text.</summary>
    /// <param name="runner">The model; two sequences of the text's length must fit its cache.</param>
    /// <param name="tokens">The text, at most the model's context; the first <paramref name="promptLength"/> are prompt.</param>
    /// <param name="promptLength">Tokens that run in full and decide nothing, at least 1.</param>
    /// <param name="options">Exits, threshold and missing keys and values; the rest does not matter to one request.</param>
    /// <param name="heads">Exits with heads of their own; null for none.</param>
    /// <exception cref="ArgumentException">The text is not longer than its prompt, or longer than the context.</exception>
    public static ExitTrialReport Run(ModelRunner runner, ReadOnlySpan<int> tokens, int promptLength, DrexOptions options, IReadOnlyList<ExitHead>? heads = null)
    {
        ArgumentNullException.ThrowIfNull(runner);
        ArgumentNullException.ThrowIfNull(options);
        ArgumentOutOfRangeException.ThrowIfLessThan(promptLength, 1);
        if (tokens.Length <= promptLength || tokens.Length > runner.Model.ContextLength)
            throw new ArgumentException($"The text has {tokens.Length} tokens; it needs more than the {promptLength} of its prompt and at most the context's {runner.Model.ContextLength}.", nameof(tokens));
        ExitHead[] exits = [.. options.Validate(runner.Model.Config.LayerCount).Select(depth => heads?.FirstOrDefault(h => h.Depth == depth) ?? runner.Model.SharedExit(depth))];
        KvSequence ruled = Rent(runner, tokens.Length), exact = Rent(runner, tokens.Length);
        try
        {
            runner.CatchUp(ruled, tokens[..promptLength]); // every prompt token but the last, which runs in full below
            runner.CatchUp(exact, tokens[..promptLength]);
            var total = default(Tally);
            Span<float> logits = new float[runner.Model.Config.VocabSize];
            for (int position = promptLength - 1; position < tokens.Length - 1; position++)
            {
                (int choice, double nll, int depth) = Ruled(runner, ruled, tokens[position], tokens[position + 1], position < promptLength ? [] : exits, options, logits);
                (int full, double fullNll, _) = Ruled(runner, exact, tokens[position], tokens[position + 1], [], options, logits);
                if (position >= promptLength) total.Add(choice == full, depth, runner.Model.Config.LayerCount, nll, fullNll);
            }
            return total.Report();
        }
        finally
        {
            runner.Pool.Return(ruled);
            runner.Pool.Return(exact);
        }
    }

    private static KvSequence Rent(ModelRunner runner, int slots) =>
        runner.Pool.TryRent(slots) ?? throw new InvalidOperationException($"There is no cache room for {slots} tokens now. Make the runner with more slots.");

    private static (int Choice, double Nll, int Depth) Ruled(
        ModelRunner runner, KvSequence kv, int token, int next, ReadOnlySpan<ExitHead> exits, DrexOptions options, Span<float> logits)
    {
        TransformerModel model = runner.Model;
        Span<int> row = [runner.Batch.Add(kv, token)], ids = stackalloc int[2];
        Span<float> values = stackalloc float[2], sum = stackalloc float[1];
        int depth = 0;
        ExitHead left = model.FinalExit;
        try
        {
            model.Embed(runner.Batch, row);
            foreach (ExitHead exit in exits)
            {
                model.Run(runner.Batch, row, new(depth, exit.Depth));
                depth = exit.Depth;
                model.ReadoutTop(runner.Batch, row, exit, 2, ids, values, sum);
                if (!(DrexStrategy.Gap(ids[0], values, sum[0]) > options.Confidence)) continue;
                left = exit;
                break;
            }
            if (left == model.FinalExit) model.Run(runner.Batch, row, new(depth, left.Depth));
            model.Readout(runner.Batch, row, left, logits);
            (int choice, double nll) = Score(logits, next);
            if (left != model.FinalExit)
            {
                if (options.Kv == MissingKv.Source) model.FillFromExit(runner.Batch, row[0], left.Depth);
                else model.Run(runner.Batch, row, new(left.Depth, model.Config.LayerCount));
            }
            kv.CommitAll();
            return (choice, nll, left.Depth);
        }
        finally
        {
            runner.Batch.Remove(row);
        }
    }

    private static (int Choice, double Nll) Score(ReadOnlySpan<float> logits, int next)
    {
        int best = 0;
        for (int i = 1; i < logits.Length; i++) if (logits[i] > logits[best]) best = i;
        double sum = 0;
        foreach (float logit in logits) sum += CanonicalMath.Exp((double)logit - logits[best]);
        return (best, CanonicalMath.Log(sum) - (logits[next] - (double)logits[best]));
    }

    private struct Tally
    {
        private int _positions, _agree, _early;
        private long _layers;
        private double _nll, _full;

        public void Add(bool agrees, int depth, int layerCount, double nll, double full)
        {
            _positions++;
            if (agrees) _agree++;
            if (depth < layerCount) _early++;
            (_layers, _nll, _full) = (_layers + depth, _nll + nll, _full + full);
        }

        public readonly ExitTrialReport Report()
        {
            double n = Math.Max(1, _positions);
            return new(_positions, _agree / n, _early / n, _layers / n, _nll / n, _full / n);
        }
    }
}
