using Switchyard.Model;
using Switchyard.Model.Text;
using Switchyard.Strategies;
using Switchyard.Strategies.Auto;
using Switchyard.Strategies.Sampling;
using Switchyard.Tensor;

namespace Switchyard.Properties;

/// <summary>What is held to the laws. Give your own backend to have it checked.</summary>
public sealed record LawSubject
{
    /// <summary>What reports call it.</summary>
    public required string Name { get; init; }

    /// <summary>Makes a backend with so many worker threads. Whoever calls it disposes what it gives.</summary>
    public required Func<int, IBackend> Backend { get; init; }

    /// <summary>Models that laws are tried on.</summary>
    public IReadOnlyList<ModelSource> Models { get; init; } = TinyModels.All;

    /// <summary>New tokens of a request at most, for models too slow for as many as the laws would decode; null for no limit.</summary>
    public int? MostNewTokens { get; init; }

    /// <summary>How caches are handled.</summary>
    public CacheOperations Cache { get; init; } = new();

    /// <summary>Makes a decoding strategy over a runner, which it owns from then on. Plain decoding unless given.</summary>
    public Func<ModelRunner, IDecodingStrategy> Strategy { get; init; } = runner => new AutoregressiveStrategy(runner);

    /// <summary>
    /// What <see cref="Strategy"/>'s tokens are compared with; null for what its guarantee names: plain decoding, or itself one
    /// request at a time.
    /// </summary>
    public Func<ModelRunner, IDecodingStrategy>? Oracle { get; init; }

    /// <summary>Whether a step of <see cref="Strategy"/> on <see cref="Backend"/> is said to allocate no managed memory.</summary>
    public bool ClaimsNoAllocation { get; init; }

    /// <summary>Makes what chooses among strategies, from their names and options, for a strategy that chooses; null for others.</summary>
    public Func<IReadOnlyList<string>, AutoOptions, IArmChooser>? Chooser { get; init; }

    /// <summary>Chooses a token from logits; the product's sampler unless given.</summary>
    public Func<float[], SamplerState, int> Choose { get; init; } = (logits, state) => new Sampler().Choose(logits, state).Token;

    /// <summary>Tokenizers that text laws are tried on.</summary>
    public IReadOnlyList<ITokenizer> Tokenizers { get; init; } = [];

    /// <summary>How text comes out of ids one by one; the tokenizer's own streaming decoder unless given.</summary>
    public Func<ITokenizer, int[], string[]> Stream { get; init; } = static (tokenizer, ids) =>
    {
        StreamingDecoder decoder = tokenizer.CreateDecoder();
        return [.. ids.Select(id => decoder.Append(id)), decoder.Flush()];
    };

    /// <summary>The subject with its backend wrapped.</summary>
    public LawSubject WithBackend(Func<IBackend, IBackend> wrap) => this with { Backend = threads => wrap(Backend(threads)) };
}
