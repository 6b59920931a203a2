using Switchyard.Model;
using Switchyard.Tensor;

namespace Switchyard.Properties;

/// <summary>A model that laws are tried on: a tiny random one, or a user's own.</summary>
/// <param name="Name">What reports call it.</param>
/// <param name="Open">
/// Loads the model on a backend; whoever calls it disposes what it gives. The number chooses among random models, and a
/// source that has one model only may ignore it.
/// </param>
public sealed record ModelSource(string Name, Func<IBackend, int, TransformerModel> Open)
{
    /// <inheritdoc/>
    public override string ToString() => Name;
}
