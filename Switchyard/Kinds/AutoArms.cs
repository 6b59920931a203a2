using System.Globalization;
using Switchyard.Model;
using Switchyard.Model.Files;
using Switchyard.Strategies;
using Switchyard.Strategies.Speculation;
using Switchyard.Tensor;

namespace Switchyard.Kinds;

/// <summary>The strategies that an automatic choice chooses from, spelt as users would spell them, and those that had to be left out.</summary>
internal sealed class AutoArms
{
    private const double ShareOfFreeMemory = 0.5; // that one draft's caches may take
    private const string ShortChain = ",length=2"; // CAST goes deep where that pays: what it lacks is the cheapest step there is

    private readonly StrategyContext _context;
    private readonly DraftRunners _drafts = new();
    private readonly List<StrategySpec> _specs = [];
    private readonly List<string> _names = [], _leftOut = [];

    /// <summary>Lists them.</summary>
    /// <param name="context">The target and what opens drafts.</param>
    /// <param name="drafts">Paths; they make chains and CAST of each possible, and a router over all of them.</param>
    /// <param name="given">Whether the user named them: then one that cannot serve is an error.</param>
    public AutoArms(StrategyContext context, IReadOnlyList<string> drafts, bool given)
    {
        _context = context;
        List<string> usable = Usable(drafts, given);
        foreach (string draft in usable) Add("cast:draft=", [draft]);
        Add("lookup", []);
        Lookup = _names.Count;
        foreach (string draft in usable) Add("chain:draft=", [draft], ShortChain);
        if (context.Target.Config.LayerCount > 1) Add("self", []);
        else _leftOut.Add("self (the model has one layer)");
        if (usable.Count > 0 && StrategyCatalog.Has("specrouter")) Add("specrouter:models=", usable);
    }

    /// <summary>What reports call them.</summary>
    public IReadOnlyList<string> Names => _names;

    /// <summary>The place of lookup among the strategies, where plain decoding is the first.</summary>
    public int Lookup { get; }

    /// <summary>Make them over the target's shared cache.</summary>
    public IReadOnlyList<Func<ModelRunner, ISharedCacheStrategy>> Factories => [.. _specs.Select(Factory)];

    /// <summary>What was left out, each with its reason.</summary>
    public IReadOnlyList<string> LeftOut => _leftOut;

    private List<string> Usable(IReadOnlyList<string> drafts, bool given)
    {
        var usable = new List<string>();
        foreach (string draft in drafts)
        {
            if (draft.Length == 0) throw new StrategySpecException("Strategy 'auto': drafts=… names no model. Give paths separated by plus signs.");
            if (Refusal(draft, given) is { } reason) _leftOut.Add($"{Name(draft)} ({reason})");
            else usable.Add(draft);
        }
        return usable;
    }

    /// <summary>Reports name drafts by their folders alone, so that a line stays a line.</summary>
    private void Add(string beginning, IReadOnlyList<string> drafts, string ending = "")
    {
        _specs.Add(StrategySpec.Parse(beginning + string.Join('+', drafts.Select(StrategySpec.Quote)) + ending));
        _names.Add(beginning + string.Join('+', drafts.Select(draft => StrategySpec.Quote(Name(draft)))) + ending);
    }

    private string? Refusal(string draft, bool given)
    {
        try
        {
            ModelConfig config = _context.OpenDraft(draft).Model.Config;
            long bytes = 2L * config.LayerCount * config.KvDim * _context.Options.CacheType.BlockBytes() * _context.CacheTokens, free = FreeMemory.Bytes();
            return bytes <= ShareOfFreeMemory * free ? null : string.Create(CultureInfo.InvariantCulture, $"its caches take {bytes >> 20} MiB of {free >> 20} MiB that are free");
        }
        catch (Exception e) when (!given && e is VocabularyException or IOException or UnauthorizedAccessException)
        {
            return e.Message;
        }
        catch (OutOfMemoryException)
        {
            return "there is no memory for it";
        }
    }

    private Func<ModelRunner, ISharedCacheStrategy> Factory(StrategySpec spec) => shared =>
    {
        IDecodingStrategy made = StrategyCatalog.Find(spec).Create(spec, _context.Over(shared, _drafts));
        return made as ISharedCacheStrategy ?? throw new InvalidOperationException($"'{spec}' cannot share a cache with other strategies.");
    };

    private static string Name(string draft) => Path.GetFileName(Path.TrimEndingDirectorySeparator(draft)) is { Length: > 0 } name ? name : draft;
}
