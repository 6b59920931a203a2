using Switchyard.Strategies;

namespace Switchyard.Properties.Faults;

/// <summary>Passes everything on to another strategy: what a planted mistake overrides one method of.</summary>
public abstract class StrategyDecorator(IDecodingStrategy inner) : IDecodingStrategy
{
    /// <summary>What does the work; owned.</summary>
    protected IDecodingStrategy Inner { get; } = inner;

    /// <summary>What does the work, without any decoration.</summary>
    internal IDecodingStrategy Undecorated => Inner is StrategyDecorator decorator ? decorator.Undecorated : Inner;

    /// <inheritdoc/>
    public string Name => $"{Inner.Name} ({GetType().Name})";

    /// <inheritdoc/>
    public DecodingGuarantee Guarantee => Inner.Guarantee;

    /// <inheritdoc/>
    public virtual bool TryAdmit(DecodingRequest request) => Inner.TryAdmit(request);

    /// <inheritdoc/>
    public virtual StepStats Step(ReadOnlySpan<DecodingRequest> batch) => Inner.Step(batch);

    /// <inheritdoc/>
    public virtual void Release(DecodingRequest request) => Inner.Release(request);

    /// <inheritdoc/>
    public void Dispose()
    {
        Inner.Dispose();
        GC.SuppressFinalize(this);
    }
}
