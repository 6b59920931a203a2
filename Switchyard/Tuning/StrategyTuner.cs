using Switchyard.Model;
using Switchyard.Model.Files;
using Switchyard.Strategies;

namespace Switchyard.Tuning;

/// <summary>Measures strategies side by side on this machine and names the fastest.</summary>
public static class StrategyTuner
{
    /// <summary>What a strategy must bring at least to be advised instead of plain decoding: less is within what measurements vary by.</summary>
    public const double LeastGain = 1.02;

    private const int NewTokens = 64, CacheTokens = 384, CertainRounds = 2;
    private const double FarBehind = 0.7; // of the fastest, after the first rounds

    /// <summary>Measures.</summary>
    /// <param name="model">A folder, a .gguf file, or the name of an embedded model.</param>
    /// <param name="drafts">Smaller models that may draft; none for those that come with an embedded model.</param>
    /// <param name="text">Text like that to be generated; null for everyday beginnings.</param>
    /// <param name="options">How the models are opened; null for the defaults.</param>
    /// <param name="progress">Told before every run, on the calling thread.</param>
    /// <param name="cancellation">Stops between steps.</param>
    /// <exception cref="FileNotFoundException">There is no such model.</exception>
    /// <exception cref="ModelFormatException">A model's files are damaged or not supported.</exception>
    /// <exception cref="Strategies.Speculation.VocabularyException">A draft has another vocabulary.</exception>
    /// <exception cref="ArgumentException">The text has too few tokens to try anything on.</exception>
    public static TuneReport Tune(
        string model, IReadOnlyList<string>? drafts = null, string? text = null, LocalModelOptions? options = null,
        IProgress<TuneProgress>? progress = null, CancellationToken cancellation = default)
    {
        options = (options ?? new()) with { MaxBatch = 1, CacheTokens = CacheTokens };
        options.Validate();
        using ModelSession session = ModelSession.Open(ModelPath.Resolve(model), options, cancellation);
        List<int[]> prompts = session.Samples(text);
        prompts.RemoveAll(prompt => prompt.Length + NewTokens > session.Model.ContextLength);
        if (prompts.Count == 0) throw new ArgumentException($"There is nothing to tune on: the text is too short, or {NewTokens} tokens more do not fit the context of {session.Model.ContextLength}. Give more text or a longer context.", nameof(text));
        var candidates = new List<Candidate>();
        try
        {
            foreach (StrategySpec spec in Specs(session, drafts ?? EmbeddedFamily.SmallerThan(session.Path)))
                candidates.Add(new Candidate(spec, StrategyCatalog.Find(spec).Create(spec, session.StrategyContext(options))));
            Measure(session, candidates, prompts, options.Time, progress, cancellation);
        }
        finally
        {
            foreach (Candidate candidate in candidates) candidate.Strategy.Dispose();
        }
        TunedCandidate[] ranked = [.. candidates.Select(candidate => candidate.Result()).OrderByDescending(result => result.TimesPlain)];
        return new TuneReport
        {
            Model = model, Shape = StrategyFile.ShapeOf(session.Model.Config), Machine = $"{session.Backend.Name}, {session.Backend.Threads} threads",
            Strategy = ranked[0].TimesPlain >= LeastGain ? ranked[0].Strategy : StrategySpec.Plain.ToString(), Candidates = ranked,
        };
    }

    /// <summary>Plain decoding first, then everything lossless that the model and its drafts allow.</summary>
    private static List<StrategySpec> Specs(ModelSession session, IReadOnlyList<string> drafts)
    {
        int layers = session.Model.Config.LayerCount;
        string[] names = [.. drafts.Select(NameOf)];
        var spellings = new List<string> { "plain", names.Length == 0 ? "auto" : $"auto:drafts={string.Join('+', names)}", "lookup:length=4", "lookup" };
        if (layers > 1) spellings.Add("self");
        if (layers > 4) spellings.Add($"self:exit={layers / 4},length=2");
        foreach (string name in names)
            spellings.AddRange([$"chain:draft={name},length=2", $"chain:draft={name},length=4", $"chain:draft={name},length=6", $"cast:draft={name}"]);
        if (names.Length > 0) spellings.Add($"specrouter:models={string.Join('+', names)}");
        return [.. spellings.Select(StrategySpec.Parse)];
    }

    /// <summary>What finds the draft again from any folder: the name of one that comes with the program, or the full path.</summary>
    private static string NameOf(string draft)
    {
        string full = ModelPath.Resolve(draft), name = Path.GetFileName(Path.TrimEndingDirectorySeparator(full));
        return StrategySpec.Quote(EmbeddedFamily.Names.Contains(name) && ModelPath.Find(name) is not null ? name : full);
    }

    private static void Measure(
        ModelSession session, List<Candidate> candidates, List<int[]> prompts, TimeProvider time, IProgress<TuneProgress>? progress, CancellationToken cancellation)
    {
        int rounds = Math.Max(6, prompts.Count), done = 0, all = candidates.Count * (rounds + 1);
        for (int round = 0; round <= rounds; round++)
        {
            GenerationOptions choices = session.Suggested with { MaxNewTokens = NewTokens, IgnoreEos = true, Seed = (ulong)round + 1 };
            int[] prompt = prompts[round % prompts.Count];
            double plain = 0;
            ReadOnlyMemory<int> want = default;
            foreach (Candidate candidate in candidates)
            {
                if (candidate.IsOut) continue;
                progress?.Report(new TuneProgress(round, rounds, candidate.Spec.ToString(), (double)done++ / all));
                var request = new DecodingRequest(prompt, choices, session.Text);
                double seconds = Decode(candidate.Strategy, request, time, cancellation);
                if (want.IsEmpty) (plain, want) = (seconds, request.Output.ToArray());
                if (!request.Output.SequenceEqual(want.Span)) throw new InvalidOperationException($"'{candidate.Spec}' gave other tokens than plain decoding: its speed would mean nothing.");
                if (round > 0) candidate.Add(plain / seconds, (NewTokens - 1) / seconds);
            }
            if (round != CertainRounds) continue;
            double best = candidates.Max(candidate => candidate.Median);
            foreach (Candidate candidate in candidates.Skip(1)) candidate.IsOut = candidate.Median < FarBehind * best;
        }
    }

    /// <summary>Decodes a request to its end.</summary>
    /// <returns>Seconds from its first token to its last.</returns>
    private static double Decode(IDecodingStrategy strategy, DecodingRequest request, TimeProvider time, CancellationToken cancellation)
    {
        if (!strategy.TryAdmit(request)) throw new InvalidOperationException($"'{strategy.Name}' has no room for a request of {request.PromptLength} tokens.");
        DecodingRequest[] batch = [request];
        long first = 0;
        while (!request.IsFinished)
        {
            cancellation.ThrowIfCancellationRequested();
            strategy.Step(batch);
            if (first == 0 && request.Output.Length > 0) first = time.GetTimestamp();
        }
        double seconds = time.GetElapsedTime(first).TotalSeconds;
        strategy.Release(request);
        return request.Error is { } error ? throw error : Math.Max(seconds, 1e-9);
    }

    /// <summary>One strategy in the making of a report.</summary>
    private sealed class Candidate(StrategySpec spec, IDecodingStrategy strategy)
    {
        private readonly List<double> _timesPlain = [], _speeds = [];

        public StrategySpec Spec => spec;

        public IDecodingStrategy Strategy => strategy;

        public bool IsOut { get; set; }

        public double Median => MedianOf(_timesPlain);

        public void Add(double timesPlain, double speed)
        {
            _timesPlain.Add(timesPlain);
            _speeds.Add(speed);
        }

        public TunedCandidate Result() => new(spec.ToString(), Median, _timesPlain.Min(), _timesPlain.Max(), MedianOf(_speeds), _speeds.Count);

        private static double MedianOf(List<double> values)
        {
            double[] sorted = [.. values.Order()];
            return (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
        }
    }
}
