using Switchyard.Strategies.Speculation;

namespace Switchyard.Strategies.Cast;

/// <summary>
/// What drafting one more layer is expected to bring, net of the verification that its nodes will need: CAST's breadth and depth
/// pruning (arXiv:2510.26577) for thresholds that tune themselves.
/// </summary>
/// <remarks>
/// The paper weighs a layer by the chances of its own nodes. Where rows are dear, as on a processor, most of such a layer is
/// drafted and then never verified. Like the paper's released kernel, this counts only nodes that would survive re-ranking:
/// children are forecast from the parents' chances and the observed decay of every rank of child. Allocates nothing after warm-up.
/// </remarks>
/// <param name="depths">Layers at most.</param>
/// <param name="children">Children of a node at most.</param>
/// <param name="window">Ratios remembered: R of the paper.</param>
internal sealed class LayerForecast(int depths, int children, int window)
{
    private const int Horizon = 4; // layers

    private readonly DecayWindow[] _decay = NewWindows(depths * children, window); // [depth, rank]: score of a child over its parent's
    private readonly double[] _sums = new double[children], _rates = new double[children];
    private double[] _pool = [], _merged = [], _grown = [], _new = [], _layer = [], _gains = [], _price = [];
    private int[] _hull = [];
    private int _pooled;

    /// <summary>Starts a step.</summary>
    /// <param name="costs">Cost of verifying the root and the best 0, 1, 2, … nodes.</param>
    public void Begin(ReadOnlySpan<double> costs)
    {
        _pooled = 0;
        if (_price.Length < costs.Length)
        {
            int size = 2 * costs.Length;
            (_pool, _merged, _grown, _gains, _price, _hull) = (new double[size], new double[size], new double[size], new double[size], new double[size], new int[size]);
            (_new, _layer) = (new double[size * children], new double[size * children]);
        }
        PriceRows(costs);
    }

    /// <summary>Learns how the chances of the layer drafted last follow from its parents'.</summary>
    /// <param name="depth">The depth of that layer, from 1.</param>
    /// <param name="sessions">Sessions whose frontiers are the parents.</param>
    public void Observe(int depth, ReadOnlySpan<DraftSession> sessions)
    {
        Array.Clear(_sums);
        double parents = 0;
        foreach (DraftSession session in sessions)
        {
            if (session.FrontierCount == 0) continue;
            DraftTree tree = session.Tree;
            for (int node = session.LayerStart, rank = 0, last = int.MinValue; node < tree.Count; node++)
            {
                int parent = tree.Parents[node];
                rank = parent == last ? rank + 1 : 0; // children of a node are added together, best first
                if (rank == 0) parents += parent == DraftTree.Root ? 1 : tree.Scores[parent];
                if (rank < children) _sums[rank] += tree.Scores[node];
                last = parent;
            }
        }
        if (!(parents > 0)) return;
        for (int rank = 0; rank < children; rank++) _decay[(depth - 1) * children + rank].Push(Math.Max(1e-9, _sums[rank] / parents));
    }

    /// <summary>Expected tokens, less the price of verifying them, of the children of the best 1, 2, … nodes of a layer.</summary>
    /// <param name="depth">The depth of the layer, from 1.</param>
    /// <param name="layer">Chances of its nodes, best first.</param>
    /// <param name="widest">Nodes that may be expanded.</param>
    /// <param name="costs">As given to <see cref="Begin"/>.</param>
    /// <param name="pass">Cost of drafting a further layer.</param>
    /// <param name="threshold">Tokens that a unit of cost must bring.</param>
    /// <param name="asAtRoot">Takes the decay below the root for that of every layer: deeper layers that are no longer drafted would otherwise never get another chance.</param>
    /// <returns>Shape [widest]; valid until the next call.</returns>
    public ReadOnlySpan<double> Gains(int depth, ReadOnlySpan<double> layer, int widest, ReadOnlySpan<double> costs, double pass, double threshold, bool asAtRoot)
    {
        int most = costs.Length - 1;
        (_pooled, _pool, _merged) = (Merge(_pool.AsSpan(0, _pooled), layer, _merged, most), _merged, _pool);
        double price = PriceAhead(depth, layer[..widest], costs, pass, threshold, asAtRoot), sum = 0;
        Rates(asAtRoot ? 0 : depth);
        for (int s = 0; s < widest; s++)
        {
            for (int rank = 0; rank < children && layer[s] * _rates[rank] is var chance && chance > price; rank++) sum += chance - price;
            _gains[s] = sum;
        }
        return _gains.AsSpan(0, widest);
    }

    /// <summary>
    /// What a further node must be worth at the best size that drafting on would come to. It looks some layers ahead: where costs stand
    /// still and jump, a size beyond the jump may pay though the next layer by itself does not.
    /// </summary>
    private double PriceAhead(int depth, ReadOnlySpan<double> layer, ReadOnlySpan<double> costs, double pass, double threshold, bool asAtRoot)
    {
        int most = costs.Length - 1, grown = _pooled;
        double cheapest = threshold * _price[Math.Min(1, most)], best = double.NegativeInfinity, price = 0;
        _pool.AsSpan(0, _pooled).CopyTo(_grown);
        for (int ahead = 1; ahead <= Horizon && depth + ahead <= depths; ahead++)
        {
            Rates(asAtRoot ? 0 : depth + ahead - 1);
            int expected = 0;
            for (int s = 0; s < layer.Length && expected < most; s++)
                for (int rank = 0; rank < children && layer[s] * _rates[rank] is var chance && chance > cheapest; rank++) _new[expected++] = chance;
            _new.AsSpan(0, expected).Sort();
            _new.AsSpan(0, expected).Reverse();
            (_new, _layer) = (_layer, _new);
            layer = _layer.AsSpan(0, Math.Min(expected, most));
            (grown, _grown, _merged) = (Merge(_grown.AsSpan(0, grown), layer, _merged, most), _merged, _grown);
            (double value, double least) = Best(_grown.AsSpan(0, grown), costs, threshold);
            value -= ahead * threshold * pass;
            if (value > best) (best, price) = (value, least);
            if (expected == 0) break;
        }
        return price;
    }

    /// <summary>What the best size brings, net of its cost, and what a further node must be worth: its share of the cost there, or what it would push out.</summary>
    private (double Value, double Price) Best(ReadOnlySpan<double> ranked, ReadOnlySpan<double> costs, double threshold)
    {
        int best = 0;
        double sum = 0, most = -threshold * costs[0];
        for (int m = 1; m <= ranked.Length; m++)
        {
            sum += ranked[m - 1];
            if (sum - threshold * costs[m] > most) (best, most) = (m, sum - threshold * costs[m]);
        }
        return (most, Math.Max(threshold * _price[best], best < ranked.Length ? ranked[best] : 0));
    }

    /// <summary>The slope, left of each size, of the highest convex curve below the costs: a staircase's price of a row.</summary>
    private void PriceRows(ReadOnlySpan<double> costs)
    {
        int corners = 0;
        for (int m = 0; m < costs.Length; m++)
        {
            while (corners > 1 && Slope(costs, _hull[corners - 2], _hull[corners - 1]) >= Slope(costs, _hull[corners - 1], m)) corners--;
            _hull[corners++] = m;
        }
        _price[0] = 0;
        for (int i = 1; i < corners; i++)
            _price.AsSpan(_hull[i - 1] + 1, _hull[i] - _hull[i - 1]).Fill(Math.Max(0, Slope(costs, _hull[i - 1], _hull[i])));
    }

    private void Rates(int depth)
    {
        while (depth > 0 && _decay[depth * children].Count == 0) depth--;
        for (int rank = 0; rank < children; rank++)
            _rates[rank] = Math.Min(_decay[depth * children + rank].Mean, rank == 0 ? 1 : _rates[rank - 1]); // best first, whatever the past says
    }

    private static double Slope(ReadOnlySpan<double> costs, int from, int to) => (costs[to] - costs[from]) / (to - from);

    private static int Merge(ReadOnlySpan<double> left, ReadOnlySpan<double> right, Span<double> merged, int most)
    {
        int i = 0, j = 0, count = Math.Min(most, left.Length + right.Length);
        for (int k = 0; k < count; k++) merged[k] = j >= right.Length || (i < left.Length && left[i] >= right[j]) ? left[i++] : right[j++];
        return count;
    }

    private static DecayWindow[] NewWindows(int count, int length)
    {
        var windows = new DecayWindow[count];
        for (int i = 0; i < count; i++) windows[i] = new DecayWindow(length);
        return windows;
    }
}
