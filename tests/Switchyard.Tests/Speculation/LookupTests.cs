using Switchyard.Backends.Cpu;
using Switchyard.Model;
using Switchyard.Model.Synthetic;
using Switchyard.Strategies;
using Switchyard.Strategies.Speculation;
using Switchyard.Tensor;
using Xunit;

namespace Switchyard.Tests.Speculation;

public sealed class LookupTests
{
    [Fact]
    public void Guesses_grow_while_they_are_right_and_shrink_to_what_was_right()
    {
        ModelConfig tiny = SyntheticModel.Shape("llama-1b") with { LayerCount = 1, HiddenSize = 512, IntermediateSize = 512, HeadCount = 8, VocabSize = 1024 };
        using var backend = new CpuBackend(new CpuOptions { Threads = 1 });
        TransformerModel model = SyntheticModel.CreateSuccessor(backend, tiny, DType.F32, 256); // every token is followed by the next id
        using var strategy = SpeculativeStrategies.Lookup(new ModelRunner(model, 96, 256, ownsModel: true), length: 16);
        List<int> shown = [], right = [];
        strategy.OnVerified = session =>
        {
            shown.Add(session.Walk.Shown);
            right.Add(session.Accepted.Length);
        };
        const int Changed = 130;
        int[] told = [.. Enumerable.Range(99, 61).Select(id => id == Changed ? 900 : id)];
        var request = new DecodingRequest([.. told, 99, 100], new GenerationOptions { MaxNewTokens = 56, IgnoreEos = true });
        Decoding.Run(strategy, [request], 1);

        Assert.Equal(Enumerable.Range(101, 56), request.Output.ToArray());
        Assert.Equal([4, 8, 16], shown[..3]);
        int wrong = right.Zip(shown).TakeWhile(step => step.First == step.Second).Count();
        Assert.InRange(wrong, 2, 4);
        Assert.Equal(Math.Max(2, right[wrong] + 1), shown[wrong + 1]);
    }
}
