namespace Switchyard.Strategies.Drex;

/// <summary>What a strategy instance has done since it was made.</summary>
public sealed class DrexStatistics
{
    private readonly long[] _exits, _arrivals;

    internal DrexStatistics(IReadOnlyList<int> depths)
    {
        Depths = depths;
        (_exits, _arrivals) = (new long[depths.Count], new long[depths.Count]);
    }

    /// <summary>Depths of the exits, in layers.</summary>
    public IReadOnlyList<int> Depths { get; }

    /// <summary>Tokens taken at each exit.</summary>
    public ReadOnlySpan<long> Exits => _exits;

    /// <summary>Rows whose confidence was looked at, by exit.</summary>
    public ReadOnlySpan<long> Arrivals => _arrivals;

    /// <summary>Tokens taken at exits.</summary>
    public long ExitTokens
    {
        get
        {
            long sum = 0;
            foreach (long exits in _exits) sum += exits;
            return sum;
        }
    }

    /// <summary>Tokens of rows that passed every layer, without those that end a prompt.</summary>
    public long DeepTokens { get; internal set; }

    /// <summary>Tokens that end a prompt: never taken at an exit.</summary>
    public long PromptTokens { get; internal set; }

    /// <summary>Tokens of every kind.</summary>
    public long Tokens => ExitTokens + DeepTokens + PromptTokens;

    /// <summary>Rows that were not sure and had to leave with their company (would_not_ee_but_ee).</summary>
    public long ForcedExits { get; internal set; }

    /// <summary>Rows that were sure and had to stay with their company (would_ee_but_stay).</summary>
    public long ForcedStays { get; internal set; }

    /// <summary>Times a row was kept waiting at an exit.</summary>
    public long Parkings { get; internal set; }

    /// <summary>Groups in which rows that had waited ran together.</summary>
    public long Regroupings { get; internal set; }

    /// <summary>Σ over waits of the steps waited.</summary>
    public long WaitedSteps { get; internal set; }

    /// <summary>The longest wait, in steps.</summary>
    public int LongestWait { get; internal set; }

    /// <summary>The most rows that waited at once.</summary>
    public int MostParked { get; internal set; }

    /// <summary>Tokens of requests with a time between tokens, the first of each left out.</summary>
    public long TimedTokens { get; internal set; }

    /// <summary>Those of them that came late.</summary>
    public long Misses { get; internal set; }

    /// <summary>The most that one was late.</summary>
    public TimeSpan WorstMiss { get; internal set; }

    /// <summary>Steps.</summary>
    public long Steps { get; internal set; }

    /// <summary>Rows × layers run, prompts included.</summary>
    public long LayerRows { get; internal set; }

    /// <summary>Time in forward passes, read-outs and the choosing of tokens.</summary>
    public TimeSpan PassTime { get; internal set; }

    /// <summary>Time in everything else: queues, decisions, bookkeeping.</summary>
    public TimeSpan DecisionTime { get; internal set; }

    /// <summary>Bytes of activations copied while regrouping: none, or something is wrong.</summary>
    public long ActivationBytesCopied { get; internal set; }

    /// <summary>Bytes of keys and values copied while regrouping or filling: none, or something is wrong.</summary>
    public long KvBytesCopied { get; internal set; }

    internal void CountExit(int ramp) => _exits[ramp]++;

    internal void CountArrival(int ramp) => _arrivals[ramp]++;
}
