using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;

namespace Switchyard.Backends.Cpu;

/// <summary>
/// Fixed workers that take chunks of one piece of work at a time, the caller among them. Nothing is allocated by a run, and a
/// worker that the system has put aside holds up no chunk but its own.
/// </summary>
internal sealed unsafe class CpuThreadPool : IDisposable
{
    private const int SpinTurns = 600; // some 20 to 50 µs: longer than the gaps inside a step, shorter than those between steps

    private readonly Lock _oneCaller = new();
    private readonly object _gate = new();
    private readonly Thread[] _workers;
    private delegate*<void*, int, int, void> _invoke;
    private void* _work;
    private int _chunkCount;
    private int _pending;          // chunks not yet finished
    private int _sleepers;
    private long _ticket;          // generation in the upper half, chunks not yet taken in the lower
    private volatile bool _closed;
    private Exception? _failure;

    public CpuThreadPool(int threads)
    {
        Threads = threads;
        _workers = new Thread[threads - 1];
        for (int i = 0; i < _workers.Length; i++)
        {
            int worker = i + 1;
            _workers[i] = new Thread(() => Loop(worker)) { IsBackground = true, Name = $"switchyard cpu {worker}" };
            _workers[i].Start();
        }
    }

    /// <summary>Workers, the caller included.</summary>
    public int Threads { get; }

    /// <summary>Runs every chunk once and returns when all are done.</summary>
    public void Run<T>(in T work, int chunks)
        where T : struct, IWork
    {
        T local = work; // on this stack, where its address holds until the last chunk is done
        if (chunks <= 1 || Threads == 1)
        {
            for (int chunk = 0; chunk < chunks; chunk++) local.Run(chunk, 0);
            return;
        }
        lock (_oneCaller)
        {
            ObjectDisposedException.ThrowIf(_closed, this);
            _work = Unsafe.AsPointer(ref local);
            _invoke = &Invoke<T>;
            _chunkCount = chunks;
            Volatile.Write(ref _pending, chunks);
            long generation = (_ticket >> 32) + 1;
            Interlocked.Exchange(ref _ticket, generation << 32 | (uint)chunks); // publishes all of the above
            if (Volatile.Read(ref _sleepers) > 0) Wake();
            while (TryRunChunk(0)) { }
            SpinWait spin = default;
            while (Volatile.Read(ref _pending) > 0) spin.SpinOnce(sleep1Threshold: -1);
            if (_failure is not null) Rethrow();
        }
    }

    public void Dispose()
    {
        _closed = true;
        Wake();
        foreach (Thread worker in _workers) worker.Join();
    }

    private static void Invoke<T>(void* work, int chunk, int worker)
        where T : struct, IWork => Unsafe.AsRef<T>(work).Run(chunk, worker);

    private void Wake()
    {
        lock (_gate) Monitor.PulseAll(_gate);
    }

    private void Rethrow()
    {
        Exception failure = _failure!;
        _failure = null;
        ExceptionDispatchInfo.Throw(failure);
    }

    // The work's fields are read only after a chunk of it is ours: until that chunk is done they cannot change.
    private bool TryRunChunk(int worker)
    {
        long ticket = Volatile.Read(ref _ticket);
        while ((uint)ticket != 0)
        {
            long seen = Interlocked.CompareExchange(ref _ticket, ticket - 1, ticket);
            if (seen != ticket)
            {
                ticket = seen;
                continue;
            }
            try
            {
                _invoke(_work, _chunkCount - (int)(uint)ticket, worker);
            }
            catch (Exception e) // handed to the caller: a worker has nobody to tell
            {
                Interlocked.CompareExchange(ref _failure, e, null);
            }
            Interlocked.Decrement(ref _pending);
            return true;
        }
        return false;
    }

    private void Loop(int worker)
    {
        int idle = 0;
        while (!_closed)
        {
            if (TryRunChunk(worker))
            {
                idle = 0;
            }
            else if (idle++ < SpinTurns)
            {
                Thread.SpinWait(8);
            }
            else
            {
                Sleep();
                idle = 0;
            }
        }
    }

    private void Sleep()
    {
        lock (_gate)
        {
            Interlocked.Increment(ref _sleepers); // before the last look, so that a caller who published earlier is seen
            while (!_closed && (uint)Volatile.Read(ref _ticket) == 0) Monitor.Wait(_gate);
            Interlocked.Decrement(ref _sleepers);
        }
    }
}
