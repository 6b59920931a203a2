using Switchyard.Model;
using Switchyard.Strategies.Passes;
using Switchyard.Strategies.Sampling;

namespace Switchyard.Strategies.Speculation;

/// <summary>
/// Guesses with a smaller model that has a cache for every request, its own or one that it shares with other users of the model
/// (<see cref="SharedRunner"/>). The frontiers of all requests, and the tokens that caches still lack, share one pass.
/// </summary>
/// <remarks>
/// Guesses are ranked as the target will choose: with the request's options and, above temperature 0, its noise. After
/// warm-up nothing is allocated.
/// </remarks>
public sealed class ModelDrafter : IDrafter
{
    private const int FewTokens = 16;

    private readonly ModelRunner _draft;
    private readonly DraftRanking _ranking;
    private readonly PromptChunks _chunks;
    private readonly int _slack;
    private readonly int[] _rows, _oldRows; // of this call; of the calls before in this step
    private readonly NodeRows _wanted;
    private readonly KvSequence[] _chains; // sequences fed in this call
    private readonly int[] _kept; // slots of accepted guesses
    private int _rowCount, _oldCount, _chainCount;

    /// <summary>Makes a drafter.</summary>
    /// <param name="draft">The smaller model, its cache and its arena: rows for twice a layer of every request's tree. Owned from here on.</param>
    /// <param name="tokenCount">Tokens of the target's vocabulary that have a meaning.</param>
    /// <param name="targetIds">The target's id of each of the draft's tokens where numbering differs; empty for the same numbers.</param>
    /// <param name="slack">Cache slots of a request for guesses.</param>
    /// <param name="chunks">How much of waiting prompts a call runs; null for the defaults.</param>
    public ModelDrafter(ModelRunner draft, int tokenCount = int.MaxValue, ReadOnlyMemory<int> targetIds = default, int slack = 128, PromptChunks? chunks = null)
    {
        (_draft, _slack, _chunks) = (draft, slack, chunks ?? PromptChunks.Default);
        _ranking = new DraftRanking(tokenCount, targetIds);
        int capacity = draft.Batch.Capacity;
        (_rows, _oldRows, _kept, _wanted) = (new int[capacity], new int[capacity], new int[capacity], new NodeRows(capacity));
        _chains = new KvSequence[capacity];
    }

    /// <inheritdoc/>
    public string Name => "model";

    /// <inheritdoc/>
    public bool TryOpen(DraftSession session)
    {
        int context = _draft.Model.ContextLength, slots = _draft.Pool.Store.Shape.Slots;
        int needed = Math.Min(Admission.SlotsNeeded(session.Request, context) + 1, context); // the last decided token is run here
        if (session.Request.PromptLength > context || needed > slots) return true; // never drafts: State stays null
        if (_draft.TryRent(session.Request, needed, Math.Min(_slack, slots - needed)) is not { } kv) return false;
        session.State = kv;
        return true;
    }

    /// <inheritdoc/>
    public int Lag(DecodingRequest request, DraftSession? session)
    {
        ArgumentNullException.ThrowIfNull(request);
        return Math.Max(0, request.Tokens.Length - ((session?.State as KvSequence ?? _draft.Find(request))?.Length ?? 0));
    }

    /// <inheritdoc/>
    public int Expand(ReadOnlySpan<DraftSession> sessions, int children)
    {
        _wanted.Clear();
        try
        {
            int budget = AddFrontiers(sessions);
            AddMissing(sessions, budget);
            if (_rowCount == 0) return 0;
            _draft.Forward(_rows.AsSpan(0, _rowCount));
            CommitChains();
            _wanted.Offer(_draft, _draft.Model.FinalExit, _ranking, children);
            _draft.Batch.Remove(_oldRows.AsSpan(0, _oldCount)); // children only ever hang on the last layer
            _rows.AsSpan(0, _rowCount).CopyTo(_oldRows);
            (_oldCount, _rowCount) = (_rowCount, 0);
            return 1;
        }
        catch
        {
            DropRows();
            throw;
        }
    }

    /// <inheritdoc/>
    public void Observe(ReadOnlySpan<DraftSession> sessions)
    {
        foreach (DraftSession session in sessions)
        {
            if (session.State is not KvSequence { Staged: > 0 } kv) continue;
            int kept = 0;
            foreach (int node in session.Accepted)
            {
                if (session.Tree.Slots[node] < 0) break;
                _kept[kept++] = session.Tree.Slots[node];
            }
            kv.Commit(_kept.AsSpan(0, kept));
        }
        DropRows();
    }

    /// <inheritdoc/>
    public void Close(DraftSession session)
    {
        if (session.State is not KvSequence kv) return;
        DropRowsOf(kv);
        _draft.Return(session.Request, kv);
        session.State = null;
    }

    /// <summary>Frees the draft model's runner.</summary>
    public void Dispose() => _draft.Dispose();

    /// <summary>Adds the nodes of the frontiers; returns the rows that a call may spend on catching up.</summary>
    private int AddFrontiers(ReadOnlySpan<DraftSession> sessions)
    {
        int decoding = 0;
        foreach (DraftSession session in sessions)
        {
            if (session.FrontierCount == 0 || session.State is not KvSequence kv) continue;
            decoding++;
            if (session.Frontier[0] == DraftTree.Root) continue;
            foreach (int node in session.Frontier) AddNode(session, kv, node);
        }
        return _chunks.Budget(decoding, _draft.Batch.FreeRows);
    }

    private void AddNode(DraftSession session, KvSequence kv, int node)
    {
        DraftTree tree = session.Tree;
        int parent = tree.Parents[node], position = kv.Length + tree.Depths[node] - 1;
        if (_draft.Batch.FreeRows == 0 || kv.Room == 0 || position >= _draft.Model.ContextLength) return;
        if ((uint)tree.Tokens[node] >= (uint)_draft.Model.Config.VocabSize) return; // the target's vocabulary is the larger
        int row = _draft.Batch.Add(kv, tree.Tokens[node], parent == DraftTree.Root ? ForwardBatch.Root : tree.Rows[parent]);
        (tree.Rows[node], tree.Slots[node]) = (row, _draft.Batch.Slot(row));
        _rows[_rowCount++] = row;
        _wanted.Add(session, node, row);
    }

    /// <summary>Feeds the tokens that caches lack: first where a guess is wanted, then the prompts behind.</summary>
    private void AddMissing(ReadOnlySpan<DraftSession> sessions, int budget)
    {
        foreach (DraftSession session in sessions)
            if (session.FrontierCount > 0 && session.Frontier[0] == DraftTree.Root) budget -= AddChain(session, session.Request.Tokens, budget);
        foreach (DraftSession session in sessions)
            if (session.FrontierCount == 0 && budget > 0) budget -= AddChain(session, session.Request.Tokens[..^1], budget);
    }

    /// <summary>Feeds what one cache lacks of <paramref name="tokens"/>; what a step or two left behind is fed whatever the budget, or it would never catch up.</summary>
    /// <returns>Rows taken from the budget.</returns>
    private int AddChain(DraftSession session, ReadOnlySpan<int> tokens, int budget)
    {
        int whole = session.Request.Tokens.Length;
        if (session.State is not KvSequence { Staged: 0 } kv || whole > _draft.Model.ContextLength) return 0;
        kv.Reconcile(session.Request.Tokens);
        int missing = tokens.Length - kv.Length, most = missing <= FewTokens ? missing : budget;
        if (most <= 0) return 0;
        int count = _draft.Feed(kv, tokens, _rows.AsSpan(_rowCount, Math.Min(most, _rows.Length - _rowCount)));
        if (count == 0) return 0;
        _rowCount += count;
        _chains[_chainCount++] = kv;
        if (kv.Length + kv.Staged == whole) _wanted.Add(session, DraftTree.Root, _rows[_rowCount - 1]);
        if (missing <= FewTokens) return 0;
        session.CaughtUp += count;
        return count;
    }

    /// <summary>The chains fed in this call are the requests' own tokens: kept whatever the target says of the guesses.</summary>
    private void CommitChains()
    {
        for (int i = 0; i < _chainCount; i++) _chains[i].CommitAll();
        _chainCount = 0;
    }

    private void DropRows()
    {
        _draft.Batch.Clear();
        (_rowCount, _oldCount, _chainCount) = (0, 0, 0);
    }

    // After an error some rows of a session may still lie in the arena; rows are dropped together, so none survives a step.
    private void DropRowsOf(KvSequence kv)
    {
        if (kv.Staged == 0) return;
        DropRows();
        kv.Rollback();
    }
}
