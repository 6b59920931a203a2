namespace Switchyard.Strategies.Drex;

/// <summary>Says how sure an exit is of a row: a seam for measuring costs at fixed exit rates, where a model has no usable exits.</summary>
public interface IConfidenceSource
{
    /// <summary>The confidence to compare with the request's threshold. Must be a function of its arguments, or tokens depend on company.</summary>
    /// <param name="request">Whose row it is.</param>
    /// <param name="position">The row's position, in tokens from the start of its sequence.</param>
    /// <param name="depth">Layers run.</param>
    /// <param name="measured">Top-1 minus top-2 probability at the exit, in [0, 1].</param>
    float Confidence(DecodingRequest request, int position, int depth, float measured);
}
