using Switchyard.Strategies.Costs;

namespace Switchyard.Strategies.Auto;

// What is learned before the first request: nothing depends on it, so it costs the bound nothing.
public sealed partial class AutoStrategy
{
    private const int WarmUpTokens = 12, RehearsalTokens = 76, FirstTokens = 12, Rehearsals = 24; // the first tokens of a rehearsal do not count, nor does the first third of all
    private const int LateContext = 192; // those that count are in the middle of a text, which drafts have to read first

    /// <summary>
    /// Lets every strategy decode a few tokens after <paramref name="prompt"/>, so that the first steps that count do not pay for
    /// compilation and cold memory; then, where time is left, some of the model's own text, to begin with what paid there and with what it
    /// costs drafts to read a text. To be called before the first request; does nothing while the cache has no room.
    /// </summary>
    /// <param name="prompt">Tokens to decode after.</param>
    /// <param name="budget">Time after which no further strategy is begun; null for no limit. Strategies measure costs that they need in half of it.</param>
    public void WarmUp(ReadOnlySpan<int> prompt, TimeSpan? budget = null)
    {
        long start = Options.Time.GetTimestamp();
        TimeSpan Left() => budget is { } limit ? limit - Options.Time.GetElapsedTime(start) : TimeSpan.MaxValue;
        TimeSpan share = budget / (2 * _arms.Length) ?? TimeSpan.MaxValue;
        for (int arm = 0; arm < _arms.Length && Left() > TimeSpan.Zero; arm++)
        {
            (_arms[arm] as ICalibrates)?.Calibrate(Left() / 2);
            if (!Rehearse(arm, prompt, WarmUpTokens, seed: 1, share, [])) return;
        }
        Choose(prompt, Left());
        var rehearsals = new List<Rehearsal>[_arms.Length];
        for (int arm = 0; arm < _arms.Length; arm++) rehearsals[arm] = [];
        List<int> text = [prompt[0]];
        bool hasRoom = true;
        for (int i = 0; i < Rehearsals && hasRoom && Left() > TimeSpan.Zero; i++)
        {
            int length = i < Rehearsals / 3 ? 1 : Math.Min(LateContext, _target.Model.ContextLength / 2);
            int[] beginning = [.. text[^Math.Min(length, text.Count)..]];
            for (int arm = 0; arm < _arms.Length && hasRoom; arm++) // by turns: the machine is not always as fast as it was
                hasRoom = Rehearse(arm, beginning, RehearsalTokens, seed: i + 1, Left(), rehearsals[arm]);
            if (rehearsals[0].Count > 0) text.AddRange(rehearsals[0][^1].Text);
        }
        for (int arm = 1; arm < _arms.Length; arm++) Prime(arm, rehearsals[0], rehearsals[arm]);
        foreach (ArmUse use in _uses) use.Forget();
    }

    private ArmChooser NewChooser() => new([.. _uses.Select(use => use.Name)], Options) { LagOf = LagOf };

    /// <summary>Decodes as requests will be, with a chooser that is thrown away: choosing has to be compiled, too.</summary>
    private void Choose(ReadOnlySpan<int> prompt, TimeSpan budget)
    {
        var request = new DecodingRequest(prompt, new GenerationOptions { MaxNewTokens = RehearsalTokens, Temperature = 0, IgnoreEos = true });
        if (!TryAdmit(request)) return;
        long start = Options.Time.GetTimestamp();
        try
        {
            DecodingRequest[] batch = [request];
            while (!request.IsFinished && Options.Time.GetElapsedTime(start) < budget) Step(batch);
        }
        finally
        {
            Release(request);
        }
        Chooser = NewChooser();
        for (int arm = 1; arm < _arms.Length; arm++)
            if (_uses[arm].Failure is not null) Chooser.Broken(arm);
    }

    /// <summary>Begins with what rehearsals showed, each held against plain decoding of the same tokens at about the same time: medians, and as many steps as they rest on.</summary>
    private void Prime(int arm, List<Rehearsal> plain, List<Rehearsal> rehearsals)
    {
        int count = Math.Min(plain.Count, rehearsals.Count), from = count / 3;
        if (count == 0) return;
        double[] paid = [.. Enumerable.Range(from, count - from).Select(i => plain[i].SecondsPerToken / rehearsals[i].SecondsPerToken).Order()];
        Chooser.Prime(arm, paid[paid.Length / 2], rehearsals.Skip(from).Sum(rehearsal => rehearsal.Steps));
        double[] lost = [.. Enumerable.Range(from, count - from).Where(i => rehearsals[i].Read > LateContext / 2).Select(i => rehearsals[i].LostReading(plain[i])).Order()];
        if (lost.Length > 0) Chooser.PrimeReading(arm, LateContext, LateContext * lost[lost.Length / 2]);
        for (int i = from; i < count; i++)
            foreach ((double seconds, bool caughtUp) in rehearsals[i].Lengths.Skip(1)) Chooser.PrimeLength(arm, seconds / plain[i].SecondsPerToken, caughtUp);
    }

    /// <summary>Decodes with one strategy when nothing depends on it.</summary>
    /// <param name="arm">The strategy.</param>
    /// <param name="prompt">Tokens to decode after.</param>
    /// <param name="tokens">Tokens to decode.</param>
    /// <param name="budget">Time after which no further step is begun.</param>
    /// <param name="seed">Chooses the text.</param>
    /// <param name="rehearsals">What it took is added, if there was time for all of it.</param>
    /// <returns>False where the cache has no room.</returns>
    private bool Rehearse(int arm, ReadOnlySpan<int> prompt, int tokens, int seed, TimeSpan budget, List<Rehearsal> rehearsals)
    {
        var request = new DecodingRequest(prompt, new GenerationOptions { MaxNewTokens = tokens, Temperature = 0.8f, TopP = 0.9f, IgnoreEos = true, Seed = (ulong)seed });
        if (!TryAdmit(request)) return false;
        try
        {
            var rehearsal = new Rehearsal();
            bool ready = false;
            long start = Options.Time.GetTimestamp();
            DecodingRequest[] batch = [request];
            while (!request.IsFinished && Options.Time.GetElapsedTime(start) < budget)
            {
                Gather(batch);
                int turn = request.Output.Length == 0 ? 0 : arm;
                if (!TryAttach(turn, batch)) return true;
                double before = _uses[turn].Seconds;
                if (turn == arm && rehearsal.Lengths.Count == 0) (_arms[arm] as IPauses)?.Resume(); // as a probe does
                bool late = ready && request.Output.Length > FirstTokens;
                StepStats stats = Take(turn, batch);
                bool caughtUp = stats is { Drafted: 0, CaughtUp: > 0 };
                if (turn != arm || request.Output.Length <= 1) continue;
                rehearsal.Add(_uses[turn].Seconds - before, stats.Emitted, caughtUp, counts: late && stats.CaughtUp == 0);
                (ready, rehearsal.Read) = (ready || !caughtUp, rehearsal.Read + stats.CaughtUp);
            }
            rehearsal.Text = request.Output.ToArray();
            if (request.IsFinished && rehearsal.Steps > 0) rehearsals.Add(rehearsal);
        }
        catch (Exception e) when (arm > 0 && e is not OutOfMemoryException)
        {
            GiveUp(arm, 1, e);
        }
        finally
        {
            Release(request);
        }
        return true;
    }

    /// <summary>A piece of text that one strategy decoded when nothing depended on it.</summary>
    private sealed class Rehearsal
    {
        private (double Seconds, int Tokens) _counted, _caughtUp, _first; // steps that count, that only caught up, and the others before those that count

        /// <summary>Every step: its time, and whether drafts only caught up in it.</summary>
        public List<(double Seconds, bool CaughtUp)> Lengths { get; } = [];

        /// <summary>Steps that count.</summary>
        public int Steps { get; private set; }

        /// <summary>Tokens that drafts read because they lagged behind.</summary>
        public int Read { get; set; }

        /// <summary>What was decoded.</summary>
        public int[] Text { get; set; } = [];

        /// <summary>Of the steps that count.</summary>
        public double SecondsPerToken => _counted.Seconds / _counted.Tokens;

        /// <summary>
        /// Plain steps that reading a token lost: by steps that only caught up, and, because some catch up and draft in one step, by how much
        /// more the others slowed down the beginning than plain decoding's beginning is slower.
        /// </summary>
        public double LostReading(Rehearsal plain)
        {
            double begun = plain._first.Seconds / plain._first.Tokens / plain.SecondsPerToken, usual = _first.Tokens * SecondsPerToken * Math.Max(1, begun);
            return (_caughtUp.Seconds / plain.SecondsPerToken - _caughtUp.Tokens + Math.Max(0, (_first.Seconds - usual) / plain.SecondsPerToken)) / Read;
        }

        public void Add(double seconds, int emitted, bool caughtUp, bool counts)
        {
            Lengths.Add((seconds, caughtUp));
            if (counts) Steps++;
            ref (double Seconds, int Tokens) sum = ref counts ? ref _counted : ref caughtUp ? ref _caughtUp : ref _first;
            sum = (sum.Seconds + seconds, sum.Tokens + emitted);
        }
    }
}
