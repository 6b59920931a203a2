using Switchyard.Properties.Reference;
using Switchyard.Tensor;

namespace Switchyard.Properties;

/// <summary>What the cases of one run share: the subject's backends, made once, and the references.</summary>
public sealed class LawRun : IDisposable
{
    private readonly Dictionary<int, IBackend> _backends = [];

    /// <summary>Begins a run.</summary>
    public LawRun(LawSubject subject) => Subject = subject;

    /// <summary>What is checked.</summary>
    public LawSubject Subject { get; }

    /// <summary>The canonical reference.</summary>
    public ReferenceBackend Reference { get; } = new();

    /// <summary>The textbook formulas in double precision.</summary>
    public ReferenceBackend InDoublePrecision { get; } = ReferenceBackend.InDoublePrecision();

    /// <summary>The subject's backend with so many threads; owned by the run.</summary>
    public IBackend Backend(int threads = 1)
    {
        if (!_backends.TryGetValue(threads, out IBackend? backend)) _backends[threads] = backend = Subject.Backend(threads);
        return backend;
    }

    /// <summary>Disposes the backends.</summary>
    public void Dispose()
    {
        foreach (IBackend backend in _backends.Values) backend.Dispose();
        Reference.Dispose();
        InDoublePrecision.Dispose();
    }
}
