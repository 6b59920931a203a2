using System.Numerics.Tensors;
using Switchyard.Backends.Cpu;
using Switchyard.Model;
using Switchyard.Model.Files;
using Switchyard.Model.Text;
using Switchyard.Tensor;

namespace Switchyard;

/// <summary>What rounding the weights costs, measured on a text.</summary>
/// <param name="Tokens">Positions compared.</param>
/// <param name="MeanKl">Mean Kullback-Leibler divergence of the rounded model's next-token distribution from the original's, in nats.</param>
/// <param name="MaxKl">The largest.</param>
/// <param name="SameChoice">The part of positions at which both find the same token likeliest.</param>
public sealed record QuantizationQuality(long Tokens, double MeanKl, double MaxKl, double SameChoice)
{
    private const int Window = 256; // tokens that are compared with one another as context

    /// <summary>Runs a model as options ask and with every weight widened to float32, side by side.</summary>
    /// <param name="path">A folder, a .gguf file, or the name of an embedded model.</param>
    /// <param name="text">Text that the model was not trained on.</param>
    /// <param name="options">How the model would be opened: <see cref="LocalModelOptions.Quantize"/> and threads count.</param>
    /// <param name="cancellation">Stops between two windows.</param>
    /// <exception cref="ArgumentException">The text has no token.</exception>
    public static QuantizationQuality Measure(string path, string text, LocalModelOptions options, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        using ModelFiles files = ModelFiles.Open(ModelPath.Resolve(path));
        ITokenizer tokenizer = Tokenizers.Open(files.TokenizerPath ?? throw new ModelFormatException("The model has no tokenizer to read the text with.", files.Path));
        int[] tokens = tokenizer.Encode(text, addSpecial: false);
        if (tokens.Length == 0) throw new ArgumentException("The text has no token to compare at. Give a longer text.", nameof(text));
        int window = Math.Min(Window, files.Config.MaxPositionEmbeddings);
        using var backend = new CpuBackend(new CpuOptions { Threads = options.Threads });
        using TransformerModel rounded = ModelLoader.Load(files, backend, new LoadOptions { ContextLength = window, Quantize = options.Quantize }, cancellation);
        using TransformerModel exact = ModelLoader.Load(files, backend, new LoadOptions { ContextLength = window, Widen = true }, cancellation);
        using var roundedRunner = new ModelRunner(rounded, TransformerModel.ReadoutChunk, window);
        using var exactRunner = new ModelRunner(exact, TransformerModel.ReadoutChunk, window);

        var sum = default(Sum);
        int[] begin = tokenizer.BosId is { } bos && window > 1 ? [bos] : [];
        for (int start = 0; start < tokens.Length; start += window - begin.Length)
        {
            cancellation.ThrowIfCancellationRequested();
            Compare(exactRunner, roundedRunner, [.. begin, .. tokens.AsSpan(start, Math.Min(window - begin.Length, tokens.Length - start))], ref sum);
        }
        return new QuantizationQuality(sum.Count, sum.Kl / sum.Count, sum.Max, (double)sum.Same / sum.Count);
    }

    private static void Compare(ModelRunner exact, ModelRunner rounded, ReadOnlySpan<int> tokens, ref Sum sum)
    {
        KvSequence exactKv = exact.Pool.TryRent(tokens.Length)!, roundedKv = rounded.Pool.TryRent(tokens.Length)!;
        int vocabulary = exact.Model.Config.VocabSize, chunk = TransformerModel.ReadoutChunk;
        float[] p = new float[chunk * vocabulary], q = new float[chunk * vocabulary];
        while (exactKv.Length < tokens.Length)
        {
            int count = Logits(exact, exactKv, tokens, p);
            Logits(rounded, roundedKv, tokens, q);
            for (int i = 0; i < count; i++) sum.Add(p.AsSpan(i * vocabulary, vocabulary), q.AsSpan(i * vocabulary, vocabulary));
        }
        exact.Pool.Return(exactKv);
        rounded.Pool.Return(roundedKv);
    }

    private static int Logits(ModelRunner runner, KvSequence kv, ReadOnlySpan<int> tokens, Span<float> logits)
    {
        var rows = new int[TransformerModel.ReadoutChunk];
        int count = runner.Feed(kv, tokens, rows);
        ReadOnlySpan<int> active = rows.AsSpan(0, count);
        runner.Forward(active);
        kv.CommitAll();
        runner.Model.Readout(runner.Batch, active, runner.Model.FinalExit, logits[..(count * runner.Model.Config.VocabSize)]);
        runner.Batch.Remove(active);
        return count;
    }

    private struct Sum
    {
        public long Count, Same;
        public double Kl, Max;

        /// <summary>Adds KL(p‖q) of two rows of logits; they are turned into log-probabilities in place.</summary>
        public void Add(Span<float> p, Span<float> q)
        {
            if (TensorPrimitives.IndexOfMax<float>(p) == TensorPrimitives.IndexOfMax<float>(q)) Same++;
            double pNorm = LogSumExp(p), qNorm = LogSumExp(q), kl = 0;
            for (int i = 0; i < p.Length; i++)
            {
                double logP = p[i] - pNorm;
                if (logP > -60) kl += CanonicalMath.Exp(logP) * (logP - (q[i] - qNorm)); // below, the term is under 1e-24
            }
            Kl += kl;
            Max = Math.Max(Max, kl);
            Count++;
        }

        private static double LogSumExp(ReadOnlySpan<float> logits)
        {
            float max = TensorPrimitives.Max(logits);
            double sum = 0;
            foreach (float x in logits) sum += CanonicalMath.Exp((double)x - max);
            return max + CanonicalMath.Log(sum);
        }
    }
}
