using System.Globalization;

namespace Switchyard.Properties;

/// <summary>How long and from where to look for a contradiction.</summary>
public sealed record LawOptions
{
    /// <summary>Cases to try; null for the law's own number.</summary>
    public int? Cases { get; init; }

    /// <summary>Factor on the law's own number of cases.</summary>
    public double Effort { get; init; } = 1;

    /// <summary>Chooses the cases; the same seed gives the same cases.</summary>
    public ulong Seed { get; init; }

    /// <summary>A <see cref="LawReport.ReplayId"/>: run that one case.</summary>
    public string? Replay { get; init; }

    /// <summary>
    /// Time after which no further case is begun, and one that runs is given up where its law can tell the time; null for no
    /// limit. A case that was given up says nothing.
    /// </summary>
    public TimeSpan? Budget { get; init; }

    /// <summary>Time, from the first contradiction on, for making it smaller; null for no limit.</summary>
    public TimeSpan? ShrinkBudget { get; init; }

    /// <summary>Whether to make a contradicting case smaller.</summary>
    public bool Shrink { get; init; } = true;

    /// <summary>What <see cref="Budget"/> is measured by.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>
    /// What the environment asks for: SWITCHYARD_LONG=1 twenty times the cases, SWITCHYARD_ISA_PASS=1 a fifth,
    /// SWITCHYARD_PROPERTY_CASES their number, SWITCHYARD_PROPERTY_SEED other cases, SWITCHYARD_PROPERTY_REPLAY one case.
    /// </summary>
    public static LawOptions FromEnvironment()
    {
        double effort = IsSet("SWITCHYARD_LONG") ? 20 : IsSet("SWITCHYARD_ISA_PASS") ? 0.2 : 1;
        return new LawOptions
        {
            Effort = effort,
            Cases = int.TryParse(Get("SWITCHYARD_PROPERTY_CASES"), CultureInfo.InvariantCulture, out int cases) ? cases : null,
            Seed = ulong.TryParse(Get("SWITCHYARD_PROPERTY_SEED"), CultureInfo.InvariantCulture, out ulong seed) ? seed : 0,
            Replay = Get("SWITCHYARD_PROPERTY_REPLAY"),
        };
    }

    /// <summary>Cases for a law whose own number is <paramref name="lawCases"/>.</summary>
    public int CasesFor(int lawCases) => Math.Max(1, Cases ?? (int)Math.Ceiling(lawCases * Effort));

    private static string? Get(string name) => Environment.GetEnvironmentVariable(name) is { Length: > 0 } value ? value : null;

    private static bool IsSet(string name) => Get(name) is not (null or "0");
}
