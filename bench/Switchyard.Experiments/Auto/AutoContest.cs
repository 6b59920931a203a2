using Switchyard.Experiments.Measuring;
using Switchyard.Model;
using Switchyard.Strategies;
using Switchyard.Strategies.Auto;

namespace Switchyard.Experiments.Auto;

/// <summary>Plain decoding, <c>auto</c> and every fixed strategy, kept over the whole experiment as a server would keep them.</summary>
internal sealed class AutoContest : IDisposable
{
    private const int Rows = 66, CacheSlots = 768;

    private readonly ExperimentSetting _setting;
    private readonly TransformerModel _target;
    private readonly Dictionary<string, TransformerModel> _drafts = [];
    private readonly IDecodingStrategy _plain;
    private readonly (string Name, IDecodingStrategy Strategy)[] _fixed;

    public AutoContest(ExperimentSetting setting)
    {
        (_setting, _target) = (setting, setting.Open(setting.TargetName));
        string[] drafts = setting.Quick ? ["tales-0.4m"] : ["tales-0.4m", "tales-1m"];
        foreach (string draft in drafts) _drafts.Add(draft, setting.Open(draft));
        string all = string.Join('+', drafts);
        _plain = Make("plain");
        Auto = (AutoStrategy)Make($"auto:drafts={all}");
        Auto.WarmUp(setting.Tokenizer.Encode("Once upon a time there was a king. Once upon a time there"));
        string[] names = ["lookup", "self", .. drafts.SelectMany(draft => (string[])[$"chain:draft={draft},length=2", $"chain:draft={draft}", $"cast:draft={draft}"]), $"specrouter:models={all}"];
        _fixed = [.. names.Select(name => (name, Make(name)))];
    }

    /// <summary>The automatic choice.</summary>
    public AutoStrategy Auto { get; }

    /// <summary>
    /// Pairs of plain decoding and auto, who goes first by turns. All fixed strategies run the first <paramref name="choosing"/> of the
    /// requests too, and the one that was fastest there runs the others, which had no part in choosing it.
    /// </summary>
    public ClassResult Measure(PromptClass kind, int pairs, int choosing, int tokens)
    {
        foreach (IDecodingStrategy strategy in (IDecodingStrategy[])[_plain, .. _fixed.Select(f => f.Strategy)]) TimedRequest.Run(strategy, kind.Prompts[0], kind.Options(999, tokens / 4));
        long[] before = [.. Auto.Uses.Select(use => use.Tokens)];
        List<double> decoding = [], whole = [], speeds = [], bestOverPlain = [], autoOverBest = [], wholeOverBest = [];
        double[][] ratios = [.. _fixed.Select(_ => new double[choosing])];
        int best = 0;
        for (int i = 0; i < pairs; i++)
        {
            int[] prompt = kind.Prompts[i % kind.Prompts.Count];
            GenerationOptions options = kind.Options((ulong)i + 1, tokens);
            (TimedRequest plain, TimedRequest auto) = Pair(prompt, options, autoFirst: i % 2 == 1);
            decoding.Add(plain.DecodeSeconds / auto.DecodeSeconds);
            whole.Add(plain.Seconds / auto.Seconds);
            speeds.Add((plain.Tokens.Length - 1) / plain.DecodeSeconds);
            if (i < choosing)
            {
                for (int k = 0; k < _fixed.Length; k++) ratios[k][i] = plain.DecodeSeconds / Fixed(k, prompt, options, plain).DecodeSeconds;
                continue;
            }
            if (i == choosing) best = Fastest(ratios);
            TimedRequest run = Fixed(best, prompt, options, plain);
            bestOverPlain.Add(plain.DecodeSeconds / run.DecodeSeconds);
            autoOverBest.Add(run.DecodeSeconds / auto.DecodeSeconds);
            wholeOverBest.Add(run.Seconds / auto.Seconds);
        }
        string used = Auto.Uses.Select((use, k) => (use.Name, Tokens: use.Tokens - before[k])).MaxBy(use => use.Tokens).Name;
        return new ClassResult(kind.Name, pairs, Contest.Median(speeds), MedianInterval.Of(decoding), MedianInterval.Of(whole), _fixed[best].Name, Contest.Median(bestOverPlain), MedianInterval.Of(autoOverBest), Contest.Median(wholeOverBest), used);
    }

    public void Dispose()
    {
        _plain.Dispose();
        Auto.Dispose();
        foreach ((_, IDecodingStrategy strategy) in _fixed) strategy.Dispose();
    }

    private (TimedRequest Plain, TimedRequest Auto) Pair(int[] prompt, GenerationOptions options, bool autoFirst)
    {
        TimedRequest first = TimedRequest.Run(autoFirst ? Auto : _plain, prompt, options), second = TimedRequest.Run(autoFirst ? _plain : Auto, prompt, options);
        (TimedRequest plain, TimedRequest auto) = autoFirst ? (second, first) : (first, second);
        return (plain, Same("auto", auto, plain));
    }

    private TimedRequest Fixed(int which, int[] prompt, GenerationOptions options, TimedRequest plain) =>
        Same(_fixed[which].Name, TimedRequest.Run(_fixed[which].Strategy, prompt, options), plain);

    private static int Fastest(double[][] ratios)
    {
        double[] medians = [.. ratios.Select(Contest.Median)];
        return Array.IndexOf(medians, medians.Max());
    }

    private static TimedRequest Same(string name, TimedRequest run, TimedRequest plain) => run.Tokens.AsSpan().SequenceEqual(plain.Tokens)
        ? run
        : throw new InvalidOperationException($"'{name}' gave other tokens than plain decoding: its speed would mean nothing.");

    private IDecodingStrategy Make(string spelling)
    {
        StrategySpec spec = StrategySpec.Parse(spelling);
        var context = new StrategyContext(
            new ModelRunner(_target, 256 + Rows, CacheSlots), _setting.Tokenizer, new LocalModelOptions { MaxBatch = 1 },
            name => new DraftModel(name, _drafts[name], _setting.Tokenizer));
        return StrategyCatalog.Find(spec).Create(spec, context);
    }
}

/// <summary>What one class of prompts showed.</summary>
/// <param name="Name">The class.</param>
/// <param name="Pairs">Pairs of runs.</param>
/// <param name="PlainSpeed">Tokens a second of plain decoding.</param>
/// <param name="Decoding">auto over plain, prompts left out.</param>
/// <param name="Whole">auto over plain, prompts included.</param>
/// <param name="BestName">The fixed strategy that was fastest on the first requests.</param>
/// <param name="Best">Its median over plain on the others, prompts left out.</param>
/// <param name="OfBest">auto over it on the same, pair by pair.</param>
/// <param name="WholeOfBest">The same, prompts included.</param>
/// <param name="Used">What auto used for most tokens.</param>
internal sealed record ClassResult(string Name, int Pairs, double PlainSpeed, MedianInterval Decoding, MedianInterval Whole, string BestName, double Best, MedianInterval OfBest, double WholeOfBest, string Used)
{
    /// <summary>Speculation is said to pay from here on: less is within what measurements vary by.</summary>
    public const double Paying = 1.03;

    public bool Pays => Best >= Paying;
}
