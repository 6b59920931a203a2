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

    /// <summary>How caches are handled.</summary>
    public CacheOperations Cache { get; init; } = new();

    /// <summary>The subject with its backend wrapped.</summary>
    public LawSubject WithBackend(Func<IBackend, IBackend> wrap) => this with { Backend = threads => wrap(Backend(threads)) };
}
