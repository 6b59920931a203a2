using Switchyard.Model;
using Switchyard.Strategies.Sampling;

namespace Switchyard.Strategies.Speculation;

/// <summary>Rows of an arena that stand for frontier nodes, and the reading of their logits into ranked guesses.</summary>
internal sealed class NodeRows(int capacity)
{
    private readonly int[] _rows = new int[capacity];
    private readonly DraftSession[] _sessions = new DraftSession[capacity];
    private readonly int[] _nodes = new int[capacity];
    private DraftCandidate[] _candidates = new DraftCandidate[16];
    private int _count;

    public void Clear() => _count = 0;

    public void Add(DraftSession session, int node, int row)
    {
        (_rows[_count], _sessions[_count], _nodes[_count]) = (row, session, node);
        _count++;
    }

    /// <summary>Reads every row out and offers its session the <paramref name="children"/> best guesses.</summary>
    public void Offer(ModelRunner runner, ExitHead exit, DraftRanking ranking, int children)
    {
        if (_candidates.Length < children) _candidates = new DraftCandidate[children];
        var reader = new Reader(this, ranking, children);
        runner.Model.Readout(runner.Batch, _rows.AsSpan(0, _count), exit, ref reader);
    }

    private void Offer(int index, ReadOnlySpan<float> logits, DraftRanking ranking, int children)
    {
        (DraftSession session, int node) = (_sessions[index], _nodes[index]);
        DecodingRequest request = session.Request;
        int depth = node == DraftTree.Root ? 0 : session.Tree.Depths[node];
        bool walks = depth > 0 && request.Sampler.Counts is not null; // penalties look at the path
        int start = walks ? session.AdvanceTo(node) : request.Sampler.Position, count;
        try
        {
            count = ranking.Rank(logits, request.Sampler, request.Tokens.Length + depth, _candidates.AsSpan(0, children));
        }
        finally
        {
            request.Sampler.Rewind(start);
        }
        if (count == 0) session.Refuse();
        session.Offer(node, _candidates.AsSpan(0, count));
    }

    private readonly struct Reader(NodeRows rows, DraftRanking ranking, int children) : ILogitsReader
    {
        public void Read(int index, ReadOnlySpan<float> logits) => rows.Offer(index, logits, ranking, children);
    }
}
