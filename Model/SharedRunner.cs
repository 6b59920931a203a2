namespace Switchyard.Model;

/// <summary>
/// One model, arena and cache per request for several users that take turns: what one has cached, the next reads, and whoever comes
/// back runs only what was decided since anybody ran.
/// </summary>
/// <remarks>
/// Each user leaves the arena empty and nothing staged, and takes a cache as it finds it (<see cref="KvSequence.Reconcile"/>). The runner
/// is freed with the last user. Used from the decode thread alone.
/// </remarks>
public sealed class SharedRunner
{
    private readonly ModelRunner _runner;
    private readonly int _slack;
    private readonly Dictionary<object, Use> _caches = new(ReferenceEqualityComparer.Instance);
    private int _users;

    /// <summary>Shares a runner.</summary>
    /// <param name="runner">Owned from here on.</param>
    /// <param name="slack">Slots of every sequence beyond its own tokens, for whichever user stages most.</param>
    public SharedRunner(ModelRunner runner, int slack)
    {
        ArgumentNullException.ThrowIfNull(runner);
        ArgumentOutOfRangeException.ThrowIfNegative(slack);
        (_runner, _slack) = (runner, slack);
    }

    /// <summary>Rows of the arena.</summary>
    public int Rows => _runner.Batch.Capacity;

    /// <summary>Whether the last user has left; then there is nothing to join.</summary>
    public bool IsFreed { get; private set; }

    /// <summary>Requests that have a cache.</summary>
    public int CacheCount => _caches.Count;

    /// <summary>A runner for one more user, who leaves by disposing it.</summary>
    public ModelRunner Join()
    {
        ObjectDisposedException.ThrowIf(IsFreed, this);
        _users++;
        return new ModelRunner(_runner, this);
    }

    internal KvSequence? TryRent(object owner, int needed, int slack)
    {
        if (!_caches.TryGetValue(owner, out Use? use))
        {
            int slots = Math.Min(needed + Math.Max(slack, _slack), Math.Max(needed, _runner.Pool.Store.Shape.Slots));
            if (_runner.Pool.TryRent(slots) is not { } kv) return null;
            _caches.Add(owner, use = new Use(kv));
        }
        if (use.Kv.Capacity < needed) return null;
        use.Users++;
        return use.Kv;
    }

    internal KvSequence? Find(object owner) => _caches.TryGetValue(owner, out Use? use) ? use.Kv : null;

    internal void Return(object owner, KvSequence kv)
    {
        if (!_caches.TryGetValue(owner, out Use? use) || use.Kv != kv || --use.Users > 0) return;
        _caches.Remove(owner);
        _runner.Pool.Return(kv);
    }

    internal void Leave()
    {
        if (--_users > 0 || IsFreed) return;
        IsFreed = true;
        _runner.Dispose();
    }

    private sealed class Use(KvSequence kv)
    {
        public KvSequence Kv => kv;
        public int Users { get; set; }
    }
}
