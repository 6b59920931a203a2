using Switchyard.Tensor;

namespace Switchyard.Model;

/// <summary>
/// Token rows in flight. A row is one token of one sequence, at one position, having been through some layers.
/// </summary>
/// <remarks>
/// Rows live in numbered places of a fixed arena until removed, so a row can pause at one depth while others run on: DREX's
/// rebatching buffer (arXiv:2512.15705) is this arena, and regrouping is choosing other indices.
/// </remarks>
public sealed class ForwardBatch : IDisposable
{
    /// <summary>The parent of a row that follows directly on the committed context.</summary>
    public const int Root = -1;

    private readonly int[] _tokens, _positions, _storeSlots, _slots, _free;
    private readonly KvSequence?[] _sequences;
    private readonly int _contextLength;
    private int _freeCount;
    private float[] _hostLogits = [];

    internal ForwardBatch(IBackend backend, ModelConfig config, int capacity, int contextLength)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(capacity);
        (Capacity, _contextLength) = (capacity, contextLength);
        (_tokens, _positions, _storeSlots, _slots, _free) = (new int[capacity], new int[capacity], new int[capacity], new int[capacity], new int[capacity]);
        _sequences = new KvSequence?[capacity];
        for (int i = 0; i < capacity; i++) _free[i] = capacity - 1 - i;
        _freeCount = capacity;
        Plan = new AttentionPlan(capacity);
        Hidden = backend.Allocate(capacity, config.HiddenSize);
        Scratch = new Activations(backend, config, capacity);
    }

    /// <summary>Rows that fit.</summary>
    public int Capacity { get; }

    /// <summary>Rows that may still be added.</summary>
    public int FreeRows => _freeCount;

    /// <summary>Residual stream, [Capacity, HiddenSize].</summary>
    public Matrix Hidden { get; }

    /// <summary>What each row sees.</summary>
    public AttentionPlan Plan { get; }

    /// <summary>Token of each row, [Capacity].</summary>
    public ReadOnlySpan<int> Tokens => _tokens;

    /// <summary>Absolute position of each row, in tokens from the start of its sequence, [Capacity].</summary>
    public ReadOnlySpan<int> Positions => _positions;

    internal ReadOnlySpan<int> StoreSlots => _storeSlots;

    internal Activations Scratch { get; }

    /// <summary>The sequence a row belongs to.</summary>
    public KvSequence Sequence(int row) => _sequences[row] ?? throw new InvalidOperationException($"Row {row} is not in use.");

    /// <summary>The row's slot within its sequence; what <see cref="KvSequence.Commit"/> takes.</summary>
    public int Slot(int row) => _slots[row];

    /// <summary>
    /// Adds one token after <paramref name="parent"/>, or after the committed context for <see cref="Root"/>. Rows that share
    /// a parent are alternatives: they share a position and do not see each other.
    /// </summary>
    /// <returns>The row, stable until <see cref="Remove"/> or <see cref="Clear"/>.</returns>
    /// <exception cref="ContextOverflowException">The sequence or the model's context is full.</exception>
    public int Add(KvSequence sequence, int token, int parent = Root, Provenance provenance = default)
    {
        if (_freeCount == 0) throw new InvalidOperationException($"The forward batch is full ({Capacity} rows).");
        int position = parent == Root ? sequence.Length : _positions[parent] + 1;
        if (position >= _contextLength)
            throw new ContextOverflowException($"Position {position} is beyond the context of {_contextLength} tokens. Open the model with a longer context or end the request.");
        int slot = sequence.Stage(token, provenance);
        int row = _free[--_freeCount];
        (_sequences[row], _tokens[row], _slots[row], _storeSlots[row], _positions[row]) = (sequence, token, slot, sequence.Pages.StoreSlot(slot), position);
        if (parent == Root) Plan.Root(row, sequence.Pages, sequence.Length, slot);
        else Plan.Extend(row, parent, slot);
        return row;
    }

    /// <summary>Frees one row. Its staged slot is untouched: committing or rolling back is the sequence's business.</summary>
    public void Remove(int row)
    {
        if (_sequences[row] is null) return;
        _sequences[row] = null;
        Plan.Remove(row);
        _free[_freeCount++] = row;
    }

    /// <summary>Frees the given rows.</summary>
    public void Remove(ReadOnlySpan<int> rows)
    {
        for (int i = rows.Length - 1; i >= 0; i--) Remove(rows[i]);
    }

    /// <summary>Frees every row.</summary>
    public void Clear()
    {
        for (int row = Capacity - 1; row >= 0; row--) Remove(row);
    }

    /// <summary>One row of logits on the host, [<paramref name="vocab"/>]; reused.</summary>
    internal Span<float> HostLogits(int vocab)
    {
        if (_hostLogits.Length < vocab) _hostLogits = new float[vocab];
        return _hostLogits.AsSpan(0, vocab);
    }

    /// <summary>Frees the matrices.</summary>
    public void Dispose()
    {
        Hidden.Dispose();
        Scratch.Dispose();
    }
}
