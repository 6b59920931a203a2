using System.Globalization;
using System.Text;
using Switchyard.Cli.Output;
using Switchyard.Strategies.Drex;

namespace Switchyard.Cli.Showing;

/// <summary><c>run --prompts F --show batch</c>: who left, waited and went on with whom, a lane for each request and a column for each step.</summary>
internal static class ShownBatch
{
    private const int LineSteps = 96;

    /// <summary>Writes the timeline of a strategy instance.</summary>
    public static void Write(DrexStrategy strategy, Terminal terminal)
    {
        foreach (string line in Lines(strategy.Log.ToList(), strategy.Exits)) terminal.Note(line);
        DrexStatistics s = strategy.Statistics;
        if (strategy.Log.Written > strategy.Log.Count) terminal.Note($"the first {strategy.Log.Written - strategy.Log.Count} events are not shown");
        string exits = string.Join(", ", strategy.Exits.Select((depth, i) => string.Create(CultureInfo.InvariantCulture, $"{s.Exits[i]} after layer {depth}")));
        terminal.Note($"{s.Tokens} tokens: {(exits.Length > 0 ? exits + ", " : "")}{s.DeepTokens} at full depth, {s.PromptTokens} after prompts");
        terminal.Note($"{s.Parkings} times a row waited, {(s.Parkings > 0 ? (double)s.WaitedSteps / s.Parkings : 0):F1} steps on average and {s.LongestWait} at most; {s.Regroupings} regroupings, {s.ActivationBytesCopied + s.KvBytesCopied} bytes copied");
        if (s.ForcedExits + s.ForcedStays > 0) terminal.Note($"{s.ForcedExits} rows forced out, {s.ForcedStays} forced to stay");
        if (s.TimedTokens > 0) terminal.Note($"{s.Misses} of {s.TimedTokens} tokens late, by {s.WorstMiss.TotalMilliseconds:F1} ms at most");
    }

    /// <summary>The lanes, in blocks of as many steps as a line takes.</summary>
    /// <param name="events">The timeline, oldest first.</param>
    /// <param name="exits">Depths of the exits, ascending.</param>
    public static IEnumerable<string> Lines(IReadOnlyList<DrexEvent> events, IReadOnlyList<int> exits)
    {
        if (events.Count == 0) yield break;
        yield return $"batch   P prompt ended   {string.Join("", exits.Select((depth, i) => $"{Letter(i)} left after layer {depth}   "))}# full depth   . waits   ! forced out   ~ forced to stay   * late";
        long first = events[0].Step, last = events[^1].Step;
        int requests = events.Max(e => e.Request) + 1;
        var lanes = new char[requests + 1][]; // the last: rows that had waited and went on, by step
        for (int i = 0; i < lanes.Length; i++) lanes[i] = Enumerable.Repeat(' ', (int)(last - first + 1)).ToArray();
        Draw(events, exits, first, lanes);
        for (int start = 0; start <= last - first; start += LineSteps)
        {
            yield return string.Create(CultureInfo.InvariantCulture, $"  step {first + start}");
            for (int i = 0; i < lanes.Length; i++)
            {
                string lane = new string(lanes[i].AsSpan(start, Math.Min(LineSteps, lanes[i].Length - start))).TrimEnd();
                string name = i < requests ? string.Create(CultureInfo.InvariantCulture, $"{i + 1,6}") : "merged";
                if (lane.Length > 0) yield return $"{name}  {lane}";
            }
        }
    }

    private static void Draw(IReadOnlyList<DrexEvent> events, IReadOnlyList<int> exits, long first, char[][] lanes)
    {
        long[] parked = [.. Enumerable.Repeat(-1L, lanes.Length)]; // since which column a request waits; −1: it does not
        int column = 0, merged = 0;
        foreach (DrexEvent e in events)
        {
            int now = (int)(e.Step - first);
            if (now != column) (column, merged) = (now, 0);
            if (e.Kind == DrexEventKind.Ran)
            {
                if ((merged += e.Detail) > 0) lanes[^1][now] = Digit(merged);
                continue;
            }
            char[] lane = lanes[e.Request];
            if (e.Kind == DrexEventKind.Parked) (parked[e.Request], lane[now]) = (now, '.');
            if (e.Kind == DrexEventKind.Resumed && parked[e.Request] >= 0)
            {
                for (int i = (int)parked[e.Request]; i < now; i++) lane[i] = '.';
                parked[e.Request] = -1;
            }
            char mark = e.Kind switch
            {
                DrexEventKind.Prompted => 'P',
                DrexEventKind.Exited or DrexEventKind.Spoke => lane[now] == '!' ? '!' : Letter(exits.ToList().IndexOf(e.Depth)),
                DrexEventKind.Completed => lane[now] == '~' ? '~' : '#',
                DrexEventKind.ForcedExit => '!',
                DrexEventKind.ForcedStay => '~',
                DrexEventKind.Missed => '*',
                _ => '\0',
            };
            if (mark != '\0') lane[now] = mark;
        }
    }

    private static char Letter(int exit) => exit is >= 0 and < 26 ? (char)('a' + exit) : '?';

    private static char Digit(int count) => count > 9 ? '+' : (char)('0' + count);
}
