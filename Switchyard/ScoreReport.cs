namespace Switchyard;

/// <summary>How well a model predicts a text.</summary>
/// <param name="Tokens">Tokens whose probability counted.</param>
/// <param name="MeanNll">Mean negative natural log-likelihood of a token, in nats.</param>
public readonly record struct ScoreReport(long Tokens, double MeanNll)
{
    /// <summary>exp(<see cref="MeanNll"/>): among how many equally likely tokens the model seems to choose.</summary>
    public double Perplexity => Math.Exp(MeanNll);
}
