using System.Runtime.InteropServices;
using Switchyard.Model;
using Switchyard.Strategies.Passes;
using Switchyard.Strategies.Sampling;
using Switchyard.Tensor;

namespace Switchyard.Strategies.Drex;

/// <summary>
/// Early exit with dynamic rebatching (DREX, arXiv:2512.15705): in a batch every row leaves at its own exit, the others go on or
/// wait in the arena to be merged. Nothing is copied: a group is a list of row indices.
/// </summary>
/// <remarks>
/// In the default form tokens equal those of the same exit rule run one request at a time: a row over its threshold always
/// leaves, a row under it never does, and costs, deadlines and company decide only when the others run on. docs/papers/drex.md
/// maps the paper to the methods. Costs grow with rows that wait; memory is the arena's, sized once.
/// </remarks>
public sealed partial class DrexStrategy : IDecodingStrategy
{
    private readonly ModelRunner _target;
    private readonly DrexOptions _options;
    private readonly PromptChunks _chunks;
    private readonly Sampler _sampler = new();
    private readonly TimeProvider _time;
    private readonly ISplitCosts _costs;
    private readonly IRebatchRule _rule;
    private readonly IConfidenceSource? _confidence;
    private readonly IDisposable? _owned;
    private readonly AdaptiveRebatchingThreshold? _threshold;
    private readonly Func<int, double>? _splitAbove;
    private readonly ExitHead[] _ramps;
    private readonly LayerRange[] _stages;     // [ramps + 1]: layers from each exit to the next
    private readonly ParkedQueue[] _queues;    // [ramps]
    private readonly Provenance _policy;
    private readonly int _maxRequests, _pendingLimit;
    private int _admitted, _numbers, _pending;

    /// <summary>Joins a model, its cache and its arena to exits.</summary>
    /// <param name="target">The model. Its arena bounds the requests admitted at once, as parked rows stay there. Owned from here on.</param>
    /// <param name="options">How to exit and regroup; null for the defaults.</param>
    /// <param name="parts">Parts to exchange; null for none.</param>
    /// <exception cref="DrexOptionsException">An option is outside its range, or a policy depends on company and was not allowed to.</exception>
    /// <exception cref="ArgumentException">The arena is too small: it needs a row for the prompt and one for each request.</exception>
    public DrexStrategy(ModelRunner target, DrexOptions? options = null, DrexParts? parts = null)
    {
        ArgumentNullException.ThrowIfNull(target);
        (_target, _options) = (target, options ?? new DrexOptions());
        if (_options.Exits is null && parts?.Heads is { Count: > 0 } heads) _options = _options with { Exits = [.. heads.Select(h => h.Depth).Order()] };
        IReadOnlyList<int> depths = _options.Validate(target.Model.Config.LayerCount);
        _ramps = [.. depths.Select(depth => parts?.Heads?.FirstOrDefault(h => h.Depth == depth) ?? target.Model.SharedExit(depth))];
        int[] borders = [0, .. depths, target.Model.Config.LayerCount];
        _stages = [.. Enumerable.Range(0, depths.Count + 1).Select(i => new LayerRange(borders[i], borders[i + 1]))];
        _queues = [.. depths.Select(_ => new ParkedQueue())];
        (_arrived, _stayed) = (new double[depths.Count], new double[depths.Count]);

        _time = parts?.Time ?? TimeProvider.System;
        _costs = parts?.Costs ?? new MeasuredSplitCosts([.. _stages.Select(s => s.Count)]);
        _rule = parts?.Rule ?? new GatheringRule(_costs, _stages.Length);
        (_confidence, _owned, _splitAbove) = (parts?.Confidence, parts?.Owned, parts?.SplitAbove);
        _threshold = _options is { Policy: DrexPolicy.Rebatch, Stays: StayRule.Paper } ? new(_options.MaxRows, _options.PublishedThreshold) : null;
        _chunks = _options.Chunks ?? PromptChunks.Default;
        (Statistics, Log) = (new DrexStatistics(depths), new DrexLog(_options.LogCapacity));
        _policy = new Provenance(PolicyId(_options, depths));

        int capacity = target.Batch.Capacity;
        int promptRows = Math.Clamp(capacity / 4, 1, 32);
        if (capacity < 2) throw new ArgumentException($"The arena has {capacity} rows; DREX needs one for prompts and one for each request. Make the runner with 2 or more.", nameof(target));
        bool pends = _options.Kv == MissingKv.Postfill && _options.MaxPending > 0;
        _maxRequests = Math.Max(1, pends ? (capacity - promptRows) / 2 : capacity - promptRows);
        _pendingLimit = pends ? capacity - promptRows - _maxRequests : 0;
        (_rows, _readoutRows, _readers) = (new int[capacity], new int[capacity], new Flight[capacity]);
        (_riders, _ready, _prompts, _promptRows, _promptLast) = (new Flight[capacity], new Flight[_maxRequests], new Flight[_maxRequests], new int[capacity], new int[_maxRequests]);
    }

    /// <inheritdoc/>
    public string Name => "drex";

    /// <inheritdoc/>
    public DecodingGuarantee Guarantee => _options.Guarantee;

    /// <summary>How this instance exits and regroups.</summary>
    public DrexOptions Options => _options;

    /// <summary>Depths of the exits, ascending.</summary>
    public IReadOnlyList<int> Exits => Statistics.Depths;

    /// <summary>What passes take, as known so far.</summary>
    public ISplitCosts Costs => _costs;

    /// <summary>Counts since the instance was made.</summary>
    public DrexStatistics Statistics { get; }

    /// <summary>The timeline, where <see cref="DrexOptions.LogCapacity"/> asked for one.</summary>
    public DrexLog Log { get; }

    /// <summary>What writes the slots of rows that left early; keeps exact readers away from them.</summary>
    public Provenance Provenance => _policy;

    /// <summary>Under <see cref="StayRule.Paper"/>: rows that must be exceeded by those that want to leave, for a full batch now; otherwise 0.</summary>
    public double SplitThreshold => SplitAbove(_options.MaxRows);

    /// <summary>Rows that wait at exits now.</summary>
    public int ParkedRows
    {
        get
        {
            int sum = 0;
            foreach (ParkedQueue queue in _queues) sum += queue.Count;
            return sum;
        }
    }

    /// <summary>The number by which <see cref="Log"/> calls an admitted request.</summary>
    public int NumberOf(DecodingRequest request) => FlightOf(request).Number;

    /// <summary>The cache of an admitted request, for looking at; its rows change with every step.</summary>
    public KvSequence CacheOf(DecodingRequest request) => FlightOf(request).Kv;

    /// <inheritdoc/>
    public bool TryAdmit(DecodingRequest request)
    {
        if (_admitted == _maxRequests || Admission.TryReserve(_target, request) is not { } kv) return false;
        var flight = new Flight(request, kv, _numbers++, 1 + (_pendingLimit > 0 ? _options.MaxPending : 0))
        {
            Threshold = request.Options.ExitConfidence ?? _options.Confidence,
            TimeBetweenTokens = (request.Options.TimeBetweenTokens ?? _options.TimeBetweenTokens) is { } time ? Math.Max(1, (long)(time.TotalSeconds * _time.TimestampFrequency)) : 0,
            ReadySince = _step,
        };
        request.State = flight;
        request.Statistics.TrackDepths(request.RemainingTokens);
        _admitted++;
        return true;
    }

    /// <inheritdoc/>
    public StepStats Step(ReadOnlySpan<DecodingRequest> batch)
    {
        long began = _time.GetTimestamp(), activations = Counters.ActivationBytesCopied, keys = Counters.KvBytesCopied;
        (_emitted, _layerRows, _passTicks, _now) = (0, 0, 0, began);
        if (!Gather(batch)) return default;
        int start = FirstStage(began);
        if (start == 0)
        {
            AddHeads();
            AddPrompts();
        }
        try
        {
            Climb(start);
        }
        finally
        {
            _target.Batch.Remove(_promptRows.AsSpan(0, _promptRowCount));
            (_promptCount, _promptRowCount) = (0, 0);
            Array.Clear(_riders, 0, _riderCount);
            _riderCount = 0;
        }
        Statistics.Steps++;
        Statistics.LayerRows += _layerRows;
        Statistics.PassTime += _time.GetElapsedTime(0, _passTicks);
        Statistics.DecisionTime += _time.GetElapsedTime(began + _passTicks, _time.GetTimestamp());
        Statistics.ActivationBytesCopied += Counters.ActivationBytesCopied - activations;
        Statistics.KvBytesCopied += Counters.KvBytesCopied - keys;
        return new StepStats(_emitted, LayerRows: _layerRows, TargetForwards: 1);
    }

    /// <inheritdoc/>
    public void Release(DecodingRequest request)
    {
        if (request.State is not Flight flight) return;
        if (flight.Parked) _queues[flight.HeadStage - 1].Remove(flight);
        DropRows(flight);
        _target.Pool.Return(flight.Kv);
        request.State = null;
        _admitted--;
    }

    /// <summary>Frees the runner, and the exit heads where they were given to it.</summary>
    public void Dispose()
    {
        _owned?.Dispose();
        _target.Dispose();
    }

    private BackendCounters Counters => _target.Model.Backend.Counters;

    private static Flight FlightOf(DecodingRequest request) =>
        request.State as Flight ?? throw new InvalidOperationException("The request was not admitted to this strategy. Call TryAdmit first.");

    private void DropRows(Flight flight)
    {
        _pending -= flight.PendingCount;
        _target.Batch.Remove(flight.Rows);
        flight.Kv.Rollback();
        flight.Clear();
    }

    private static ushort PolicyId(DrexOptions options, IReadOnlyList<int> depths)
    {
        uint hash = 2166136261; // FNV-1a
        foreach (byte b in MemoryMarshal.AsBytes<char>($"drex/{options.Kv}/{string.Join('+', depths)}")) hash = (hash ^ b) * 16777619;
        return (ushort)Math.Max(1, (hash >> 16) ^ (hash & 0xFFFF));
    }
}
