using Switchyard.Model;
using Switchyard.Tensor;

namespace Switchyard.Strategies.Costs;

/// <summary>
/// Measures what passes of one model cost on this machine: real passes on scratch sequences, a few between steps while decoding
/// goes on, remembered per machine and corrected by the passes that are run in earnest.
/// </summary>
/// <remarks>
/// Times are of batch 1; a batch of B requests of n rows is taken as B · n rows, which is what a processor sees of it, and
/// corrected by what such batches take. Before anything is measured, answers are estimates from the model's size. Used from the
/// decoding thread.
/// </remarks>
public sealed class CostProfiler : IPassCosts
{
    private const double CompilationCounts = 0.1; // seconds: beside longer passes it weighs little, and running them twice would be felt

    private static readonly int[] Grid = [1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256];

    private readonly ModelRunner _runner;
    private readonly CostStore? _store;
    private readonly TimeProvider _time;
    private readonly CostProfilerOptions _options;
    private readonly Dictionary<LayerRange, CostCurve> _curves = [];
    private readonly List<(LayerRange Layers, CostCurve Curve)> _order = [];
    private readonly int[] _rowGrid, _rows;
    private readonly ScratchPass _scratch;
    private CostFile? _file;
    private long _start;
    private double _spent;
    private int _contexts = 1;
    private bool _started, _changed;

    /// <summary>Makes a profiler; nothing runs yet.</summary>
    /// <param name="runner">The model, its cache and its arena. Not owned.</param>
    /// <param name="store">Where measurements are kept; null for nowhere.</param>
    /// <param name="time">The clock; null for the system's.</param>
    /// <param name="options">Null for the defaults.</param>
    public CostProfiler(ModelRunner runner, CostStore? store = null, TimeProvider? time = null, CostProfilerOptions? options = null)
    {
        (_runner, _store, _time, _options) = (runner, store, time ?? TimeProvider.System, options ?? new());
        int most = Math.Min(_options.MaxRows, runner.Batch.Capacity);
        _rowGrid = Array.FindAll(Grid, rows => rows <= most);
        _rows = new int[most];
        _scratch = new ScratchPass(runner);
        Key = KeyOf(runner);
    }

    /// <summary>What the times are of: backend, threads, shape and format.</summary>
    public string Key { get; }

    /// <summary>Seconds spent measuring.</summary>
    public double SecondsSpent => _spent;

    /// <summary>Whether every point that is wanted was measured.</summary>
    public bool IsCalibrated => _order.Count > 0 && _order.TrueForAll(entry => !entry.Curve.Next(_contexts, out _, out _));

    /// <inheritdoc/>
    public double Seconds(LayerRange layers, int batch, int context, int rows)
    {
        _contexts = Math.Max(_contexts, Math.Min(context / _options.ContextStep, _options.MaxContexts - 1) + 1);
        return CurveOf(layers).Seconds(batch, context, rows);
    }

    /// <inheritdoc/>
    public double? MeasuredSeconds(LayerRange layers, int context)
    {
        CostCurve curve = CurveOf(layers);
        double seconds = curve.Measured(curve.Table.Index(context), 0);
        if (seconds <= 0) seconds = curve.Measured(0, 0); // a longer context than was measured so far
        return seconds > 0 ? seconds : null;
    }

    /// <inheritdoc/>
    public void Observe(LayerRange layers, int batch, int context, int rows, double seconds) =>
        CurveOf(layers).Observe(batch, context, rows, seconds, _options.ObservationWeight);

    /// <summary>The table of a layer range at batch 1.</summary>
    public CostTable Table(LayerRange layers) => CurveOf(layers).Table;

    /// <summary>Measures at most one pass, and none while measuring has had its share of the time.</summary>
    public void BetweenSteps()
    {
        if (_options.TimeShare <= 0) return;
        long now = _time.GetTimestamp();
        if (!_started) (_start, _started) = (now, true);
        double elapsed = _time.GetElapsedTime(_start, now).TotalSeconds;
        if (_spent > _options.TimeShare * elapsed) return;
        foreach ((LayerRange layers, CostCurve curve) in _order)
        {
            if (!curve.Next(_contexts, out int context, out int row)) continue;
            Measure(layers, curve, context, row);
            return;
        }
        if (_changed) Save();
    }

    /// <summary>Makes sure that <paramref name="layers"/> are measured, then as <see cref="BetweenSteps()"/>.</summary>
    public void MeasureBetweenSteps(LayerRange layers)
    {
        CurveOf(layers);
        BetweenSteps();
    }

    /// <summary>Measures everything that is wanted now; for tools that have the time.</summary>
    /// <param name="layers">The layers.</param>
    /// <param name="contexts">Contexts of the grid, from the first.</param>
    public void Calibrate(LayerRange layers, int contexts = 1) => Calibrate(layers, contexts, TimeSpan.MaxValue);

    /// <inheritdoc/>
    public void Calibrate(LayerRange layers, TimeSpan budget) => Calibrate(layers, 1, budget);

    private void Calibrate(LayerRange layers, int contexts, TimeSpan budget)
    {
        CostCurve curve = CurveOf(layers);
        long start = _time.GetTimestamp();
        while (curve.Next(contexts, out int context, out int row) && _time.GetElapsedTime(start) < budget)
            if (!Measure(layers, curve, context, row)) break;
        if (_changed) Save();
    }

    /// <summary>Writes what was measured to the store; a failure to write is harmless.</summary>
    public void Save()
    {
        _changed = false;
        if (_store is null) return;
        var ranges = new List<CostFile.Entry>();
        foreach (CostFile.Entry entry in _file?.Ranges ?? [])
            if (!_curves.ContainsKey(new LayerRange(entry.Start, entry.End))) ranges.Add(entry);
        foreach ((LayerRange layers, CostCurve curve) in _order)
        {
            if (!curve.HasMeasurements) continue;
            var seconds = new double[curve.Table.ContextCount * _rowGrid.Length];
            for (int i = 0; i < seconds.Length; i++) seconds[i] = curve.Measured(i / _rowGrid.Length, i % _rowGrid.Length);
            ranges.Add(new CostFile.Entry(layers.Start, layers.End, _options.ContextStep, _rowGrid, seconds));
        }
        _store.TryWrite(new CostFile { Key = Key, Ranges = ranges });
    }

    private bool Measure(LayerRange layers, CostCurve curve, int context, int row)
    {
        long start = _time.GetTimestamp();
        bool ran = TryRun(out double seconds);
        if (ran && seconds < CompilationCounts && curve.Measured(context, row) == 0) ran = TryRun(out seconds); // the first pass of a size may compile its kernels
        _spent += _time.GetElapsedTime(start).TotalSeconds;
        if (!ran) return false;
        curve.Add(context, row, Math.Max(seconds, 1e-9));
        _changed = true;
        return true;

        bool TryRun(out double taken) => _scratch.TryRun(layers, (context + 1) * _options.ContextStep, _rowGrid[row], _rows, _time, out taken);
    }

    private CostCurve CurveOf(LayerRange layers)
    {
        if (_curves.TryGetValue(layers, out CostCurve? curve)) return curve;
        int contexts = Math.Clamp((_runner.Model.ContextLength + _options.ContextStep - 1) / _options.ContextStep, 1, _options.MaxContexts);
        var guess = new double[contexts * _rowGrid.Length];
        for (int i = 0; i < guess.Length; i++)
            guess[i] = CostEstimate.Seconds(_runner.Model, layers, (i / _rowGrid.Length + 1) * _options.ContextStep, _rowGrid[i % _rowGrid.Length]);
        curve = new CostCurve(_options.ContextStep, _rowGrid, guess, _options.Repetitions);
        _curves.Add(layers, curve);
        _order.Add((layers, curve));
        Restore(layers, curve);
        return curve;
    }

    private void Restore(LayerRange layers, CostCurve curve)
    {
        _file ??= _store?.Read(Key);
        foreach (CostFile.Entry entry in _file?.Ranges ?? [])
        {
            if (entry is not { Rows: { } rows, Seconds: { } seconds } || entry.Start != layers.Start || entry.End != layers.End) continue;
            if (entry.ContextStep != _options.ContextStep || !rows.AsSpan().SequenceEqual(_rowGrid)) continue;
            if (seconds.Length == curve.Table.ContextCount * _rowGrid.Length) curve.Restore(seconds);
        }
    }

    private static string KeyOf(ModelRunner runner)
    {
        ModelConfig c = runner.Model.Config;
        IBackend backend = runner.Model.Backend;
        TransformerWeights weights = runner.Model.Weights;
        return FormattableString.Invariant(
            $"{backend.Name}-t{backend.Threads}-{c.Family}-l{c.LayerCount}-h{c.HiddenSize}-i{c.IntermediateSize}-q{c.HeadCount}x{c.HeadDim}-kv{c.KvHeadCount}-v{c.VocabSize}-{weights.Blocks[0].Query.DType}-{weights.Head.DType}");
    }
}
