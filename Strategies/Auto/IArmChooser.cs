namespace Switchyard.Strategies.Auto;

/// <summary>Decides which of several strategies takes the next step, and is told what became of it; strategy 0 is plain decoding.</summary>
public interface IArmChooser
{
    /// <summary>Says that requests come in after a time without any.</summary>
    void Begin();

    /// <summary>The strategy of the next step, 0 for plain.</summary>
    /// <param name="batch">Requests that decode, at least 1; none of them has a prompt to run.</param>
    /// <param name="context">Tokens before the step, of all requests together.</param>
    int Choose(int batch, long context);

    /// <summary>Reports a step in which nothing but decoding ran.</summary>
    /// <param name="arm">The strategy that took it.</param>
    /// <param name="batch">Requests that decoded.</param>
    /// <param name="seconds">The time it took.</param>
    /// <param name="tokens">Tokens emitted over all requests.</param>
    /// <param name="drafted">Whether drafts were shown to the target; a strategy that is still catching up is not judged.</param>
    /// <param name="idle">Whether there was nothing to show and nothing to catch up with either: a step like a plain one.</param>
    /// <param name="read">Tokens over all requests that its drafts read because they lagged behind; null where that is not known: then whatever was not drafted was that.</param>
    void Report(int arm, int batch, double seconds, int tokens, bool drafted = true, bool idle = false, int? read = null);
}
