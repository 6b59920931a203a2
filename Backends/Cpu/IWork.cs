namespace Switchyard.Backends.Cpu;

/// <summary>Work in chunks that may run in any order on any thread.</summary>
internal interface IWork
{
    /// <summary>Runs chunk <paramref name="chunk"/> on worker <paramref name="worker"/>, 0 being the caller.</summary>
    void Run(int chunk, int worker);
}
