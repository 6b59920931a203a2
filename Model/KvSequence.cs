using System.Diagnostics;
using Switchyard.Tensor;

namespace Switchyard.Model;

/// <summary>
/// One request's keys and values under one model: <see cref="Length"/> committed slots, then <see cref="Staged"/> slots that
/// the current step has written and may yet take back.
/// </summary>
/// <remarks>
/// Slots are numbers within this sequence; a committed slot equals its position. Staging, then committing, is the only way to
/// grow; there is no partial state, so a cancelled step is undone by <see cref="Rollback"/>. Used from the decode thread alone.
/// </remarks>
public sealed class KvSequence
{
    private readonly KvPool _pool;
    private int[] _tokens = [];
    private Provenance[] _provenance = [];
    private bool _closed;

    internal KvSequence(KvPool pool, int capacity) => (_pool, Capacity) = (pool, capacity);

    /// <summary>Slots that this sequence may ever use.</summary>
    public int Capacity { get; }

    /// <summary>Keys and values of every sequence of the pool.</summary>
    public KvStore Store => _pool.Store;

    /// <summary>Where the slots lie in <see cref="Store"/>.</summary>
    public PageTable Pages { get; } = new();

    /// <summary>Committed tokens.</summary>
    public int Length { get; private set; }

    /// <summary>Slots written after <see cref="Length"/> by the step in progress.</summary>
    public int Staged { get; private set; }

    /// <summary>Slots that may still be staged.</summary>
    public int Room => Capacity - Length - Staged;

    /// <summary>The tokens whose keys and values are committed. Valid until the next change.</summary>
    public ReadOnlySpan<int> Tokens => _tokens.AsSpan(0, Length);

    /// <summary>What wrote a committed slot.</summary>
    public Provenance ProvenanceOf(int slot)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(slot, Length);
        return _provenance[slot];
    }

    /// <summary>Reserves the next slot for <paramref name="token"/>, absent at every layer until layers run.</summary>
    /// <returns>The slot.</returns>
    /// <exception cref="ContextOverflowException">The sequence is at its capacity.</exception>
    public int Stage(int token, Provenance provenance = default)
    {
        ObjectDisposedException.ThrowIf(_closed, this);
        int slot = Length + Staged;
        if (slot == Capacity)
            throw new ContextOverflowException($"KV sequence is full: {Length} committed + {Staged} staged = capacity {Capacity}. End the request or give it more context.");
        if (slot == Pages.Slots)
        {
            Debug.Assert(_pool.FreePages > 0, "Reservations guarantee a page.");
            Pages.Push(_pool.TakePage());
        }
        if (slot == _tokens.Length)
        {
            int size = Math.Min(Capacity, Math.Max(64, 2 * slot));
            Array.Resize(ref _tokens, size);
            Array.Resize(ref _provenance, size);
        }
        (_tokens[slot], _provenance[slot]) = (token, provenance);
        Store.ResetSources(Pages.StoreSlot(slot));
        Staged++;
        return slot;
    }

    /// <summary>Says what wrote a staged slot, where that is known only after layers have run: a row may leave early.</summary>
    public void Mark(int slot, Provenance provenance)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(slot, Length);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(slot, Length + Staged);
        _provenance[slot] = provenance;
    }

    /// <summary>
    /// Keeps the given staged slots, ascending, gathering them onto the end of the committed run, and drops the rest. Keys
    /// keep the rotation of their position, so a kept slot's depth in the tree must equal its rank in <paramref name="keep"/>.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">A slot is not staged, or they do not ascend. Nothing was changed.</exception>
    public void Commit(ReadOnlySpan<int> keep)
    {
        int previous = Length - 1;
        foreach (int slot in keep)
        {
            ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(slot, previous, nameof(keep));
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(slot, Length + Staged, nameof(keep));
            previous = slot;
        }

        foreach (int slot in keep)
        {
            if (slot != Length)
            {
                _pool.Backend.MoveKv(Store, Pages.StoreSlot(slot), Pages.StoreSlot(Length));
                (_tokens[Length], _provenance[Length]) = (_tokens[slot], _provenance[slot]);
            }
            Length++;
        }
        DropStaged();
    }

    /// <summary>Keeps every staged slot: a chain.</summary>
    public void CommitAll() => (Length, Staged) = (Length + Staged, 0);

    /// <summary>Drops every staged slot.</summary>
    public void Rollback() => DropStaged();

    /// <summary>Drops staged slots and every committed slot at or after <paramref name="length"/>.</summary>
    public void Truncate(int length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(length, Length);
        Length = length;
        DropStaged();
    }

    /// <summary>
    /// Drops everything from the first slot whose token or provenance does not fit a reader of <paramref name="tokens"/>, and at
    /// least the slot of the last token, which the next pass is to run.
    /// </summary>
    public void Reconcile(ReadOnlySpan<int> tokens, Provenance reader = default)
    {
        int same = Tokens.CommonPrefixLength(tokens[..^1]);
        for (int slot = 0; slot < same; slot++)
            if (!_provenance[slot].Serves(reader)) same = slot;
        Truncate(same);
    }

    internal bool Close()
    {
        if (_closed) return false;
        Truncate(0);
        _closed = true;
        return true;
    }

    private void DropStaged()
    {
        Staged = 0;
        while (Pages.Slots - KvShape.PageSize >= Length && Pages.Count > 0) _pool.GivePage(Pages.Pop());
    }
}
