using Switchyard.Strategies.SpecRouter;

namespace Switchyard.Experiments.SpecRouter;

/// <summary>A level whose passes can be made to take longer.</summary>
internal sealed class DelayedLevel(IChainLevel inner) : IChainLevel
{
    /// <summary>What every pass takes in addition.</summary>
    public TimeSpan Delay { get; set; }

    public string Name => inner.Name;

    public bool Verifies => inner.Verifies;

    public int Capacity => inner.Capacity;

    public int LayerCount => inner.LayerCount;

    public int Room => inner.Room;

    public bool TryOpen(LevelLane lane) => inner.TryOpen(lane);

    public void Close(LevelLane lane) => inner.Close(lane);

    public int Missing(LevelLane lane, ReadOnlySpan<int> context) => inner.Missing(lane, context);

    public bool Add(LevelLane lane, ReadOnlySpan<int> context, ReadOnlySpan<int> pending) => inner.Add(lane, context, pending);

    public int Feed(LevelLane lane, ReadOnlySpan<int> context, int most) => inner.Feed(lane, context, most);

    public void Run()
    {
        long start = TimeProvider.System.GetTimestamp();
        while (TimeProvider.System.GetElapsedTime(start) < Delay) Thread.SpinWait(50); // a sleep may last longer than asked
        inner.Run();
    }

    public void Clear() => inner.Clear();

    public void Dispose() => inner.Dispose();
}
