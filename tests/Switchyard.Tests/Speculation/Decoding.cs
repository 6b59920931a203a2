using Switchyard.Model;
using Switchyard.Properties;
using Switchyard.Strategies;
using Switchyard.Strategies.Speculation;
using Switchyard.Tensor;
using Xunit;

namespace Switchyard.Tests.Speculation;

/// <summary>Runs workloads through strategies on tiny models.</summary>
internal static class Decoding
{
    public static readonly ByteText Text = ByteText.Letters(TinyModels.VocabSize);

    /// <summary>A runner of a tiny model, with room for <paramref name="rows"/> rows.</summary>
    public static ModelRunner Runner(IBackend backend, string model, int seed = 0, int rows = 160, int slots = 16 * 96) =>
        new(TinyModels.Get(model).Open(backend, seed), rows, slots, ownsModel: true);

    /// <summary>A draft that is often right: the target's own weights, rounded to four bits.</summary>
    public static ModelDrafter Draft(IBackend backend, string model, int seed, DType format = DType.Q4_0, int rows = 160)
    {
        using TransformerModel target = TinyModels.Get(model).Open(backend, seed);
        TransformerModel draft = TinyModels.Build(backend, target.Config, format, seed);
        return new ModelDrafter(new ModelRunner(draft, rows, 16 * 96 * 2, ownsModel: true), TinyModels.VocabSize);
    }

    /// <summary>The options that a request number stands for: every temperature, with and without what shapes logits.</summary>
    public static GenerationOptions Options(int i, int tokens = 24) => (i % 7) switch
    {
        0 => new() { MaxNewTokens = tokens, Seed = (ulong)i },
        1 => new() { MaxNewTokens = tokens, Seed = (ulong)i, Temperature = 0.7f },
        2 => new() { MaxNewTokens = tokens, Seed = (ulong)i, Temperature = 1.3f },
        3 => new() { MaxNewTokens = tokens, Seed = (ulong)i, Temperature = 1.3f, RepetitionPenalty = 1.3f, RepetitionWindow = 5, FrequencyPenalty = 0.2f },
        4 => new() { MaxNewTokens = tokens, Seed = (ulong)i, Temperature = 0.7f, TopP = 0.8f, TopK = 12 },
        5 => new() { MaxNewTokens = tokens, Seed = (ulong)i, Temperature = 0.7f, StopStrings = ["ab", "qz", "c"], PresencePenalty = 0.4f },
        _ => new() { Seed = (ulong)i, Temperature = 0.7f, IgnoreEos = true }, // to the last slot of the context
    };

    /// <summary>Prompts and options in one.</summary>
    public static DecodingRequest[] Requests(int seed, int count, Func<int, GenerationOptions> options, int longest = 20)
    {
        var random = new Random(seed);
        var requests = new DecodingRequest[count];
        for (int i = 0; i < count; i++)
        {
            int[] prompt = new int[random.Next(1, longest)];
            for (int k = 0; k < prompt.Length; k++) prompt[k] = random.Next(TinyModels.VocabSize);
            requests[i] = new DecodingRequest(prompt, options(i), Text);
        }
        return requests;
    }

    /// <summary>Decodes everything, at most <paramref name="together"/> at a time: requests join as others leave.</summary>
    public static StepStats Run(IDecodingStrategy strategy, DecodingRequest[] requests, int together, Action<IDecodingStrategy>? afterStep = null)
    {
        var running = new List<DecodingRequest>();
        int next = 0, idle = 0;
        StepStats sum = default;
        while (next < requests.Length || running.Count > 0)
        {
            while (running.Count < together && next < requests.Length && strategy.TryAdmit(requests[next])) running.Add(requests[next++]);
            StepStats stats = strategy.Step([.. running]);
            sum += stats;
            afterStep?.Invoke(strategy);
            idle = stats.Emitted == 0 && stats.LayerRows == 0 ? idle + 1 : 0;
            Assert.True(idle < 3, "A step made no progress.");
            foreach (DecodingRequest done in running.Where(r => r.IsFinished).ToArray())
            {
                strategy.Release(done);
                running.Remove(done);
            }
        }
        return sum;
    }

    /// <summary>The tokens of plain decoding, one request at a time.</summary>
    public static int[][] Plain(IBackend backend, string model, int seed, DecodingRequest[] requests)
    {
        using var plain = new AutoregressiveStrategy(Runner(backend, model, seed));
        Run(plain, requests, 1);
        return [.. requests.Select(r => r.Output.ToArray())];
    }

    /// <summary>Fails unless every request has the tokens, text and ending of its oracle.</summary>
    public static void Same(DecodingRequest[] expected, DecodingRequest[] actual)
    {
        for (int i = 0; i < expected.Length; i++)
        {
            Assert.True(expected[i].Output.SequenceEqual(actual[i].Output),
                $"request {i}: got [{string.Join(",", actual[i].Output.ToArray())}], plain [{string.Join(",", expected[i].Output.ToArray())}]");
            Assert.Equal(expected[i].FinishReason, actual[i].FinishReason);
            Assert.Equal(expected[i].Text, actual[i].Text);
        }
    }
}
