using Switchyard.Model;
using Switchyard.Properties.Reference;
using Switchyard.Tensor;

namespace Switchyard.Properties;

/// <summary>What the cases of one run share: the subject's backends, made once, and the references.</summary>
public sealed class LawRun : IDisposable
{
    private const int OnReference = 0;

    private readonly Dictionary<int, IBackend> _backends = [];
    private readonly Dictionary<(int Index, int Seed, int Threads), TransformerModel> _models = [];

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

    /// <summary>A model of the subject's on its backend with so many threads; owned by the run.</summary>
    /// <param name="index">Which of <see cref="LawSubject.Models"/>, counted round.</param>
    /// <param name="seed">Which of its random models.</param>
    /// <param name="threads">Of the backend.</param>
    public TransformerModel Model(int index, int seed, int threads = 1)
    {
        index %= Subject.Models.Count;
        if (!_models.TryGetValue((index, seed, threads), out TransformerModel? model))
            _models[(index, seed, threads)] = model = Subject.Models[index].Open(threads == OnReference ? Reference : Backend(threads), seed);
        return model;
    }

    /// <summary>The same model on the canonical reference; owned by the run.</summary>
    public TransformerModel ReferenceModel(int index, int seed) => Model(index, seed, OnReference);

    /// <summary>Whether the time of the law is over; set by whoever measures it.</summary>
    internal Func<bool>? IsOver { get; set; }

    /// <summary>Gives the case up if the time of the law is over: for laws to call between the passes of a long case.</summary>
    internal void ThrowIfOver()
    {
        if (IsOver?.Invoke() == true) throw new CaseGivenUpException();
    }

    /// <summary>Disposes models and backends.</summary>
    public void Dispose()
    {
        foreach (TransformerModel model in _models.Values) model.Dispose();
        foreach (IBackend backend in _backends.Values) backend.Dispose();
        Reference.Dispose();
        InDoublePrecision.Dispose();
    }
}
