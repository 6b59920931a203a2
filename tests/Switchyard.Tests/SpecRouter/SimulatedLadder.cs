using Switchyard.Strategies;
using Switchyard.Strategies.SpecRouter;

namespace Switchyard.Tests.SpecRouter;

/// <summary>A clock that goes on only when told.</summary>
internal sealed class SimulatedClock : TimeProvider
{
    private long _ticks;

    public double Seconds => _ticks / 1e9;

    public override long TimestampFrequency => 1_000_000_000;

    public override long GetTimestamp() => _ticks;

    public void Advance(double seconds) => _ticks += (long)Math.Round(seconds * 1e9);
}

/// <summary>
/// Levels without models: each changes the choice of the one below with a given chance, decided by the tokens before it alone,
/// so acceptances are independent and known. Passes take simulated time.
/// </summary>
internal sealed class SimulatedLadder(SimulatedClock clock, double[] acceptance, Func<int, int, int, double> seconds)
{
    public const int Vocabulary = 1000;

    /// <summary>Chance, for requests with this seed, that a level keeps what the one below says; null for the ladder's own.</summary>
    public Func<ulong, double?> AcceptanceOf { get; init; } = _ => null;

    /// <summary>Every pass: level, sequences, rows.</summary>
    public List<(int Level, int Sequences, int Rows)> Passes { get; } = [];

    public int Capacity { get; init; } = 4096;

    public IChainLevel[] Levels()
    {
        var levels = new IChainLevel[acceptance.Length + 1];
        for (int i = 0; i < levels.Length; i++) levels[i] = new SimulatedLevel(this, i, i == levels.Length - 1);
        return levels;
    }

    /// <summary>What a level chooses after some tokens.</summary>
    public int Choice(int level, ulong seed, ReadOnlySpan<int> before)
    {
        ulong state = Mix(seed + 77 * (ulong)before.Length);
        foreach (int token in before[Math.Max(0, before.Length - 6)..]) state = Mix(state ^ (ulong)token);
        int choice = (int)(state % Vocabulary);
        for (int upper = 1; upper <= level; upper++)
        {
            ulong coin = Mix(state + 0x1234567 * (ulong)upper);
            if ((coin >> 11) * (1.0 / (1UL << 53)) >= (AcceptanceOf(seed) ?? acceptance[upper - 1])) choice = (choice + upper) % Vocabulary;
        }
        return choice;
    }

    public int[] Plain(ulong seed, int[] prompt, int count)
    {
        List<int> tokens = [.. prompt];
        for (int i = 0; i < count; i++) tokens.Add(Choice(acceptance.Length, seed, tokens.ToArray()));
        return [.. tokens.Skip(prompt.Length)];
    }

    private static ulong Mix(ulong z)
    {
        z += 0x9E3779B97F4A7C15;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }

    private sealed class SimulatedLevel(SimulatedLadder ladder, int level, bool isTarget) : IChainLevel
    {
        private readonly List<(LevelLane Lane, int[] Context, int[] Pending)> _asked = [];
        private int _rows, _fed;

        private sealed class Cache
        {
            public List<int> Tokens { get; } = [];
        }

        public string Name => $"simulated {level}";
        public bool Verifies => true;
        public int Capacity => ladder.Capacity;
        public int LayerCount => 1;
        public int Room => ladder.Capacity - _rows;

        public bool TryOpen(LevelLane lane)
        {
            lane.State = new Cache();
            if (isTarget) lane.Request.ContextLimit = int.MaxValue;
            return true;
        }

        public void Close(LevelLane lane) => lane.State = null;

        public int Missing(LevelLane lane, ReadOnlySpan<int> context)
        {
            List<int> cached = ((Cache)lane.State!).Tokens;
            int same = System.Runtime.InteropServices.CollectionsMarshal.AsSpan(cached).CommonPrefixLength(context[..^1]);
            cached.RemoveRange(same, cached.Count - same);
            return context.Length - same;
        }

        public bool Add(LevelLane lane, ReadOnlySpan<int> context, ReadOnlySpan<int> pending)
        {
            List<int> cached = ((Cache)lane.State!).Tokens;
            int missing = context.Length - cached.Count;
            if (missing > Room) return false;
            int shown = Math.Min(pending.Length, Room - missing);
            _rows += missing + shown;
            _asked.Add((lane, context.ToArray(), pending[..shown].ToArray()));
            return true;
        }

        public int Feed(LevelLane lane, ReadOnlySpan<int> context, int most)
        {
            List<int> cached = ((Cache)lane.State!).Tokens;
            int count = Math.Min(most, context.Length - cached.Count);
            foreach (int token in context.Slice(cached.Count, count)) cached.Add(token);
            (_rows, _fed) = (_rows + count, _fed + 1);
            return count;
        }

        public void Run()
        {
            ladder.Passes.Add((level, _asked.Count + _fed, _rows));
            ladder.clock.Advance(ladder.seconds(level, _asked.Count + _fed, _rows));
            foreach ((LevelLane lane, int[] context, int[] pending) in _asked)
            {
                lane.ClearChoices();
                List<int> tokens = [.. context];
                foreach (int token in pending.Append(-1))
                {
                    int choice = ladder.Choice(level, lane.Request.Seed, tokens.ToArray());
                    lane.Choose(new TokenChoice(choice));
                    if (choice != token) break;
                    tokens.Add(choice);
                }
                List<int> cached = ((Cache)lane.State!).Tokens;
                cached.Clear();
                cached.AddRange(tokens);
            }
        }

        public void Clear()
        {
            _asked.Clear();
            (_rows, _fed) = (0, 0);
        }

        public void Dispose()
        {
        }
    }

    private readonly SimulatedClock clock = clock;
    private readonly Func<int, int, int, double> seconds = seconds;
}
