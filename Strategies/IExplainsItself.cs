namespace Switchyard.Strategies;

/// <summary>A strategy that can say why it did what it did. Asked on the decoding thread, once a request has ended.</summary>
public interface IExplainsItself
{
    /// <summary>One line for people: what was chosen, by what numbers, and what went wrong; null where there was nothing to decide.</summary>
    /// <param name="statistics">The request's.</param>
    string? Explain(RequestStatistics statistics);

    /// <summary>Measured seconds of a plain step of one request on this machine; null where that is not known.</summary>
    /// <param name="context">Tokens that the request has cached.</param>
    double? MeasuredPlainSeconds(int context);
}
