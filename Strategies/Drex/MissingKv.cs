namespace Switchyard.Strategies.Drex;

/// <summary>What later rows see of a row that left early, at the layers it did not run.</summary>
public enum MissingKv
{
    /// <summary>The keys and values of the last layer it ran, named in the source map: state copying without a copy. Approximate.</summary>
    Source,

    /// <summary>Its own: the row is taken along by the next row of its sequence that goes deeper. Exact.</summary>
    Postfill,
}
