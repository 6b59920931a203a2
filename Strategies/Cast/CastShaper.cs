using Switchyard.Strategies.Costs;
using Switchyard.Strategies.Speculation;

namespace Switchyard.Strategies.Cast;

/// <summary>
/// CAST (arXiv:2510.26577): how wide each layer, how deep each tree, and how many nodes are verified, by what more of each is
/// expected to bring and is measured to cost.
/// </summary>
/// <remarks>
/// Costs are in units of one target pass of one row, utilities in accepted tokens of a request, averaged over the batch.
/// Decisions depend on drafts, costs and history only. One thread at a time; a step allocates nothing after warm-up.
/// </remarks>
public sealed class CastShaper : ITreeShaper, IPauses
{
    private const int ExploringSteps = 32, TryingSteps = 16;

    private readonly ICostModel _costs;
    private readonly CastOptions _options;
    private readonly DecayWindow[] _decay;     // [depth]: utility of layer depth + 1 over that of layer depth
    private readonly LayerForecast _forecast;
    private readonly SpeedTracker _speed = new();
    private readonly PlainPace _plain = new();
    private readonly bool _tunes;
    private readonly int[] _widths;            // [depth]: rows of a request in the draft pass on layer depth
    private double[] _utility = [], _cost = [], _verify = [], _scores = [];
    private int[] _shares = [];                // [session]
    private int _batch, _context, _drafted, _layers, _steps;
    private double _layerUtility, _unit;
    private bool _speculates;

    /// <summary>Makes a shaper.</summary>
    public CastShaper(ICostModel costs, CastOptions? options = null)
    {
        (_costs, _options) = (costs, options ?? new());
        _options.Validate();
        _decay = new DecayWindow[_options.MaxDepth + 1];
        for (int i = 0; i < _decay.Length; i++) _decay[i] = new DecayWindow(_options.DecayWindow);
        _widths = new int[_options.MaxDepth + 1];
        _forecast = new LayerForecast(_options.MaxDepth + 1, _options.MaxBreadth, _options.DecayWindow);
        _tunes = _options.BreadthThreshold is null || _options.DepthThreshold is null || _options.VerifyThreshold is null;
    }

    /// <inheritdoc/>
    public int Children => _options.MaxBreadth;

    /// <inheritdoc/>
    public int MaxDepth => _options.MaxDepth;

    /// <inheritdoc/>
    public int MaxNodes => _options.MaxNodes;

    /// <summary>Measured speed of speculation in units of plain decoding.</summary>
    public double Speed => _speed.Speed;

    /// <summary>The observed decay of utility from layer <paramref name="depth"/> to the next.</summary>
    public DecayWindow Decay(int depth) => _decay[depth];

    /// <summary>Measured seconds of a plain step of one request; null while that is only an estimate.</summary>
    public double? MeasuredPlainSeconds(int context) => _costs.MeasuredPlainSeconds(context);

    /// <summary>Measures costs before the first request, for as long as it may.</summary>
    public void Calibrate(TimeSpan budget) => _costs.Calibrate(budget);

    /// <inheritdoc/>
    public void Resume() => _speed.Resume();

    /// <summary>What the last step decided, for reports.</summary>
    public CastDecision Last { get; private set; }

    /// <inheritdoc/>
    public void Begin(ReadOnlySpan<DraftSession> sessions)
    {
        _speculates = !_tunes || (_speed.Speculates() && (sessions.IsEmpty || !_plain.IsDue(sessions.Length)));
        if (sessions.Length != _batch) foreach (DecayWindow window in _decay) window.Clear();
        (_batch, _context, _drafted, _layers, _layerUtility) = (sessions.Length, 0, 0, 0, 1);
        if (_batch == 0) return;
        long context = 0;
        foreach (DraftSession session in sessions)
        {
            context += session.Request.Tokens.Length - 1;
            if (!_speculates) session.EndFrontier();
        }
        _context = (int)(context / _batch);
        _unit = _costs.TargetSeconds(_batch, _context, 1);
        _widths[0] = 1;
        if (_shares.Length < _batch) _shares = new int[2 * _batch];
        int most = _batch * Math.Max(_options.MaxBreadth, _options.MaxNodes + 1) + 1;
        if (_utility.Length < most) (_utility, _cost, _verify, _scores) = (new double[most], new double[most], new double[most], new double[most]);
        _steps++;
        if (!_speculates)
        {
            Last = new CastDecision(false, 0, 0, 0, _speed.Threshold);
            return;
        }
        int sizes = _options.MaxNodes * (_options.PerRequest ? _batch : 1) + 1;
        for (int k = 0; k < sizes; k++) _verify[k] = Between(1 + (double)k / ItemsPerRow, draft: false) / _unit;
        _forecast.Begin(_verify.AsSpan(0, sizes));
    }

    /// <inheritdoc/>
    public bool Grow(ReadOnlySpan<DraftSession> sessions, int depth)
    {
        _layers = depth;
        int items = Layer(sessions, out int widest);
        if (items == 0 || _utility[0] <= 0) return EndAll(sessions);
        ReadOnlySpan<double> gains = Forecast(sessions, depth, items, widest);
        int width = Breadth(gains);
        double utility = _utility[Math.Max(width, 1) - 1];
        _decay[depth - 1].Push(utility / _layerUtility); // this layer exists: what it turned out to be worth
        _layerUtility = utility;
        if (width == 0 || depth >= _options.MaxDepth || !IsDeepened(depth, width, gains)) return EndAll(sessions);

        if (_options.PerRequest) Share(sessions, width, fromLayer: true, _options.MaxBreadth);
        int rows = (width + ItemsPerRow - 1) / ItemsPerRow;
        bool any = false;
        for (int j = 0; j < sessions.Length; j++)
        {
            if (sessions[j].FrontierCount == 0) continue;
            sessions[j].SetFrontier(_options.PerRequest ? _shares[j] : width);
            any |= sessions[j].FrontierCount > 0;
        }
        _widths[depth] = rows;
        _drafted += rows;
        return any;
    }

    /// <inheritdoc/>
    public void Prune(ReadOnlySpan<DraftSession> sessions)
    {
        if (_batch == 0 || !_speculates) return;
        int items = Rerank(sessions);
        double threshold = _options.VerifyThreshold ?? _speed.Threshold;
        int kept = Try(MarginalChoice.Keep(_utility.AsSpan(0, items), _cost.AsSpan(0, items), threshold) - 1, items - 1); // the root is the first item
        if (_options.PerRequest) Share(sessions, kept, fromLayer: false, _options.MaxNodes);
        int most = 0;
        for (int j = 0; j < sessions.Length; j++)
        {
            int nodes = Math.Min(_options.PerRequest ? _shares[j] : kept, Math.Min(_options.MaxNodes, sessions[j].MaxNodes));
            sessions[j].Tree.KeepBest(nodes);
            most = Math.Max(most, sessions[j].Tree.Count);
        }
        Last = new CastDecision(_speculates, _layers, _drafted, most, _speed.Threshold);
    }

    /// <inheritdoc/>
    public void Learn(ReadOnlySpan<DraftSession> sessions, in StepTimes times)
    {
        if (_batch > 0 && times.PromptRows == 0)
        {
            int rows = 0;
            foreach (DraftSession session in sessions) rows += 1 + session.Walk.Shown;
            if (rows >= _batch) _costs.ObserveTarget(_batch, _context, (rows + _batch / 2) / _batch, times.VerifySeconds);
            for (int layer = 1; layer < times.LayerSeconds.Length && layer < _layers; layer++) // the first also caught up
                _costs.ObserveDraft(_batch, _context, _widths[layer], times.LayerSeconds[layer]);
            double plain = _costs.TargetSeconds(_batch, _context, 1);
            if (sessions.Length == _batch && _speculates) _speed.Observe((double)times.Emitted / _batch, times.StepSeconds, plain * _plain.Ratio(_batch));
            else if (sessions.Length == _batch && rows == _batch) _plain.Observe(_batch, times.StepSeconds, plain);
        }
        if (_batch > 0) _costs.BetweenSteps(); // not while everybody waits for a first token
    }

    /// <summary>
    /// Now and then another size than the best, beside it: a size that was measured too dear would otherwise never be run again, and its
    /// price never corrected.
    /// </summary>
    private int Try(int kept, int most)
    {
        if (_options.VerifyThreshold is not null || _steps % TryingSteps != 0 || most == 0) return kept;
        int turn = _steps / TryingSteps % 3, away = turn == 2 ? -1 : 1 + turn;
        return Math.Clamp(kept + away * ItemsPerRow, Math.Min(ItemsPerRow, most), most);
    }

    /// <summary>Items that one row of every request stands for: widths are counted by request, or over all requests together.</summary>
    private int ItemsPerRow => _options.PerRequest ? _batch : 1;

    /// <summary>Utilities of the best 1, 2, … nodes of the layer drafted last, and the price of drafting below as many of them as may be.</summary>
    private int Layer(ReadOnlySpan<DraftSession> sessions, out int widest)
    {
        int items = 0, share = ItemsPerRow;
        foreach (DraftSession session in sessions)
            if (session.FrontierCount > 0) items = Math.Max(items, Math.Min(_options.MaxNodes, session.Tree.Count - session.LayerStart));
        if (_options.PerRequest) items = ByWorth(sessions, _batch * _options.MaxBreadth, fromLayer: true);
        else AverageRanks(sessions, items, fromLayer: true);
        widest = Math.Min(items, share * _options.MaxBreadth);
        for (int k = 0; k < widest; k++) _cost[k] = Between((k + 1.0) / share, draft: true) / _unit;
        return items;
    }

    /// <summary>What drafting below the best 1, 2, … nodes of the layer is expected to bring, net of verification; over all requests where widths are.</summary>
    private ReadOnlySpan<double> Forecast(ReadOnlySpan<DraftSession> sessions, int depth, int items, int widest)
    {
        int share = ItemsPerRow, sizes = _options.MaxNodes * share + 1;
        for (int k = 0; k < items; k++) _scores[k] = share * (_utility[k] - (k > 0 ? _utility[k - 1] : 0));
        _forecast.Observe(depth, sessions);
        return _forecast.Gains(depth, _scores.AsSpan(0, items), widest, _verify.AsSpan(0, sizes), _cost[0], share * _speed.Threshold, _steps % ExploringSteps == 0);
    }

    /// <summary>Breadth pruning: how many nodes of the layer are worth a place in the next draft pass; 0 only where that is for the forecast to say.</summary>
    private int Breadth(ReadOnlySpan<double> gains)
    {
        ReadOnlySpan<double> costs = _cost.AsSpan(0, gains.Length);
        if (_options.BreadthThreshold is { } c1) return MarginalChoice.Keep(_utility.AsSpan(0, gains.Length), costs, c1);
        int kept = MarginalChoice.Keep(gains, costs, ItemsPerRow * _speed.Threshold);
        return _options.DepthThreshold is null && !Pays(gains, kept) ? 0 : kept;
    }

    /// <summary>Depth pruning: is the next layer expected to be worth another draft pass?</summary>
    private bool IsDeepened(int depth, int width, ReadOnlySpan<double> gains) => _options.DepthThreshold is { } c2
        ? _decay[depth].Mean * _utility[width - 1] >= c2 * _cost[width - 1]
        : Pays(gains, width);

    private bool Pays(ReadOnlySpan<double> gains, int width) => gains[width - 1] > ItemsPerRow * _speed.Threshold * _cost[width - 1];

    /// <summary>Utilities and costs of verifying the root and the best 0, 1, 2, … of all nodes.</summary>
    private int Rerank(ReadOnlySpan<DraftSession> sessions)
    {
        int items = 0;
        foreach (DraftSession session in sessions) items = Math.Max(items, Math.Min(session.Tree.Count, Math.Min(_options.MaxNodes, session.MaxNodes)));
        if (_options.PerRequest) items = ByWorth(sessions, _batch * _options.MaxNodes, fromLayer: false);
        else AverageRanks(sessions, items, fromLayer: false);
        for (int k = items; k > 0; k--) _utility[k] = 1 + _utility[k - 1];
        _utility[0] = 1; // the root: its token is certain
        _verify.AsSpan(0, items + 1).CopyTo(_cost);
        return items + 1;
    }

    /// <summary>u_k of one width for all: the mean over requests of the sum of their k best scores.</summary>
    private void AverageRanks(ReadOnlySpan<DraftSession> sessions, int items, bool fromLayer)
    {
        _utility.AsSpan(0, items).Clear();
        foreach (DraftSession session in sessions)
        {
            if (fromLayer && session.FrontierCount == 0) continue;
            int count = Math.Min(items, session.Tree.Rank(fromLayer ? session.LayerStart : 0));
            for (int k = 0; k < count; k++) _utility[k] += session.Tree.Scores[session.Tree.Ranked(k)] / _batch;
        }
        for (int k = 1; k < items; k++) _utility[k] += _utility[k - 1];
    }

    /// <summary>u_k of widths by worth: the sum of the k best scores over all requests, per request.</summary>
    private int ByWorth(ReadOnlySpan<DraftSession> sessions, int most, bool fromLayer)
    {
        Array.Clear(_shares, 0, sessions.Length);
        foreach (DraftSession session in sessions) session.Tree.Rank(fromLayer ? session.LayerStart : 0);
        double sum = 0;
        for (int k = 0; k < most; k++)
        {
            if (Next(sessions, fromLayer, fromLayer ? _options.MaxBreadth : _options.MaxNodes, out float score) is not (>= 0 and int best)) return k;
            _shares[best]++;
            sum += score;
            _utility[k] = sum / _batch;
        }
        return most;
    }

    /// <summary>Deals the first <paramref name="kept"/> items of the last <see cref="ByWorth"/> to the requests they came from.</summary>
    private void Share(ReadOnlySpan<DraftSession> sessions, int kept, bool fromLayer, int most)
    {
        Array.Clear(_shares, 0, sessions.Length);
        for (int k = 0; k < kept && Next(sessions, fromLayer, most, out _) is >= 0 and int best; k++) _shares[best]++;
    }

    private int Next(ReadOnlySpan<DraftSession> sessions, bool fromLayer, int most, out float score)
    {
        (int best, score) = (-1, -1);
        for (int j = 0; j < sessions.Length; j++)
        {
            DraftTree tree = sessions[j].Tree;
            int start = fromLayer ? sessions[j].LayerStart : 0;
            if ((fromLayer && sessions[j].FrontierCount == 0) || _shares[j] >= Math.Min(most, tree.Count - start)) continue;
            float next = tree.Scores[tree.Ranked(_shares[j])];
            if (next > score) (best, score) = (j, next);
        }
        return best;
    }

    private double Between(double rows, bool draft)
    {
        int context = draft ? _context + _drafted : _context, low = Math.Max(1, (int)rows);
        double part = rows - low, seconds = Seconds(low);
        return part <= 0 ? seconds : seconds + part * (Seconds(low + 1) - seconds);

        double Seconds(int r) => draft ? _costs.DraftSeconds(_batch, context, r) : _costs.TargetSeconds(_batch, context, r);
    }

    private static bool EndAll(ReadOnlySpan<DraftSession> sessions)
    {
        foreach (DraftSession session in sessions) session.EndFrontier();
        return false;
    }
}
