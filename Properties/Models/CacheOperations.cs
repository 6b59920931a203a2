using Switchyard.Model;

namespace Switchyard.Properties;

/// <summary>What laws do to a cache, so that a planted mistake can stand in for the real thing.</summary>
public class CacheOperations
{
    /// <summary><see cref="KvSequence.Stage"/>.</summary>
    public virtual int Stage(KvSequence kv, int token, Provenance provenance)
    {
        ArgumentNullException.ThrowIfNull(kv);
        return kv.Stage(token, provenance);
    }

    /// <summary><see cref="KvSequence.Commit"/>.</summary>
    public virtual void Commit(KvSequence kv, ReadOnlySpan<int> keep)
    {
        ArgumentNullException.ThrowIfNull(kv);
        kv.Commit(keep);
    }

    /// <summary><see cref="KvSequence.Rollback"/>.</summary>
    public virtual void Rollback(KvSequence kv)
    {
        ArgumentNullException.ThrowIfNull(kv);
        kv.Rollback();
    }

    /// <summary><see cref="KvSequence.Truncate"/>.</summary>
    public virtual void Truncate(KvSequence kv, int length)
    {
        ArgumentNullException.ThrowIfNull(kv);
        kv.Truncate(length);
    }

    /// <summary><see cref="KvSequence.Reconcile"/>.</summary>
    public virtual void Reconcile(KvSequence kv, ReadOnlySpan<int> tokens, Provenance reader)
    {
        ArgumentNullException.ThrowIfNull(kv);
        kv.Reconcile(tokens, reader);
    }

    /// <summary>Brings a cache to hold every token but the last, as <see cref="ModelRunner.CatchUp"/> does.</summary>
    public virtual void CatchUp(ModelRunner runner, KvSequence kv, ReadOnlySpan<int> tokens, Provenance reader)
    {
        ArgumentNullException.ThrowIfNull(runner);
        runner.CatchUp(kv, tokens, reader);
    }
}
