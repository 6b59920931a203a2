using Switchyard.Model;

namespace Switchyard.Kinds;

/// <summary>Runners of drafts for strategies that take turns: those that use the same draft share its caches.</summary>
internal sealed class DraftRunners
{
    private readonly Dictionary<TransformerModel, SharedRunner> _runners = [];

    /// <summary>A runner with at least the arena that <paramref name="make"/> would give it.</summary>
    /// <param name="model">The draft.</param>
    /// <param name="rows">Rows that the arena must have.</param>
    /// <param name="slack">Slots of a request beyond its tokens.</param>
    /// <param name="make">Makes one where none can be joined.</param>
    public ModelRunner Get(TransformerModel model, int rows, int slack, Func<ModelRunner> make)
    {
        if (_runners.TryGetValue(model, out SharedRunner? shared) && !shared.IsFreed) return shared.Rows >= rows ? shared.Join() : make();
        _runners[model] = shared = new SharedRunner(make(), slack);
        return shared.Join();
    }
}
