using Switchyard.Backends.Cpu;
using Switchyard.Model;
using Switchyard.Properties;
using Switchyard.Strategies;
using Switchyard.Strategies.Sampling;
using Switchyard.Strategies.Speculation;
using Xunit;

namespace Switchyard.Tests.Speculation;

/// <summary>The verifier between draft and target: it says what its model would choose and emits nothing.</summary>
public sealed class MiddleLevelTests
{
    [Fact]
    public void A_walk_without_a_request_finds_plain_decodings_tokens_and_leaves_the_state_alone()
    {
        using var backend = new CpuBackend(new CpuOptions { Threads = 1 });
        GenerationOptions options = new() { MaxNewTokens = 12, Temperature = 1.3f, Seed = 6, RepetitionPenalty = 1.2f, FrequencyPenalty = 0.3f, IgnoreEos = true };
        DecodingRequest[] plain = [new([1, 2, 3, 4], options)];
        int[] output = Decoding.Plain(backend, "mistral-window", 1, plain)[0];

        using ModelRunner level = Decoding.Runner(backend, "mistral-window", 1);
        var verifier = new TreeVerifier(level, new Sampler(TinyModels.VocabSize));
        DecodingRequest request = new([1, 2, 3, 4], options);
        KvSequence kv = level.Pool.TryRent(40)!;
        var tree = new DraftTree();
        int node = DraftTree.Root;
        for (int i = 0; i < 5; i++)
        {
            tree.Add(node, (output[i] + 1) % TinyModels.VocabSize, 0.4f); // a wrong alternative beside every right guess
            node = tree.Add(node, output[i], 0.5f);
        }
        var walk = new TreeWalk();
        int[] pending = [1, 2, 3, 4];
        for (int round = 0; round < 2; round++) // the second round: two pending tokens behind the prompt, verified from there
        {
            kv.Reconcile(pending);
            Assert.True(verifier.Add(kv, pending, round == 0 ? tree : null, walk, request.Sampler));
            verifier.Run();
            verifier.Clear();
            Assert.Equal(4, request.Sampler.Position - (round == 0 ? 0 : 2));
            int[] chosen = [.. walk.Choices.ToArray().Select(choice => choice.Token)];
            Assert.Equal(round == 0 ? output[..6] : output[2..3], chosen);
            Assert.Equal(round == 0 ? 9 : 6, kv.Length);
            if (round == 1) break;
            pending = [1, 2, 3, 4, output[0], output[1]];
            request.Sampler.Advance(output[0]);
            request.Sampler.Advance(output[1]);
        }
        Assert.Equal(0, request.Output.Length);
        Assert.Equal(level.Batch.Capacity, level.Batch.FreeRows);
    }
}
