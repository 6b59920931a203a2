using System.Runtime.InteropServices;
using Switchyard.Backends.Cpu;
using Switchyard.Model;
using Switchyard.Model.Files;
using Switchyard.Model.Synthetic;
using Switchyard.Model.Text;
using Switchyard.Tensor;

namespace Switchyard.Experiments;

/// <summary>The machine, the models and the sizes that experiments share.</summary>
internal sealed class ExperimentSetting : IDisposable
{
    private const int LargeContext = 256;

    private readonly List<TransformerModel> _models = [];

    public ExperimentSetting(bool quick)
    {
        Quick = quick;
        Backend = new CpuBackend(new CpuOptions { Threads = quick ? 1 : 0 }); // a quick run must not crawl where others use the processors
        Tokenizer = Tokenizers.Open(ModelPath.Resolve(TargetName));
    }

    /// <summary>Tiny sizes, to see that an experiment works; its numbers mean nothing.</summary>
    public bool Quick { get; }

    public CpuBackend Backend { get; }

    public string TargetName => Quick ? "tales-1m" : "tales-10m";

    public string DraftName => "tales-0.4m";

    public string SyntheticName => Quick ? "llama-1b's form, made tiny" : "llama-1b";

    /// <summary>Rounds on models of true shape, which take their time.</summary>
    public int LargeRounds => Quick ? 1 : 2;

    /// <summary>Tokens of a request there.</summary>
    public int LargeTokens => Quick ? 12 : 48;

    public ITokenizer Tokenizer { get; }

    /// <summary>Times everything is measured; medians count.</summary>
    public int Rounds => Quick ? 1 : 3;

    /// <summary>Rounds on small models, which are soon done and vary more.</summary>
    public int SmallRounds => Quick ? 1 : 5;

    /// <summary>Tokens of a request.</summary>
    public int NewTokens => Quick ? 16 : 96;

    /// <summary>What was measured on, and how busy it was.</summary>
    public string Machine =>
        $"{Processor()}, {Environment.ProcessorCount} processors, {RuntimeInformation.OSDescription}, {RuntimeInformation.FrameworkDescription}; backend {Backend.Name}, {Backend.Threads} threads; load average {Load()}";

    public TransformerModel Open(string name)
    {
        using ModelFiles files = ModelFiles.Open(ModelPath.Resolve(name));
        return Keep(ModelLoader.Load(files, Backend, new LoadOptions { ContextLength = Math.Min(512, files.Config.MaxPositionEmbeddings) }));
    }

    /// <summary>A model of true shape, or of a tiny one.</summary>
    public ModelConfig SyntheticShape => Quick
        ? SyntheticModel.Shape("llama-1b") with { LayerCount = 2, HiddenSize = 512, IntermediateSize = 1024, HeadCount = 8, VocabSize = 1024 }
        : SyntheticModel.Shape("llama-1b");

    /// <summary>A model of true shape with random weights. Close it before the next is opened: memory.</summary>
    public TransformerModel OpenSynthetic(DType format, int context = LargeContext) => Keep(SyntheticModel.Create(Backend, SyntheticShape, format, context));

    /// <summary>One whose text is certain: every token is followed by the next id.</summary>
    public TransformerModel OpenSuccessor(DType format) => Keep(SyntheticModel.CreateSuccessor(Backend, SyntheticShape, format, LargeContext));

    /// <summary>Frees a model.</summary>
    public void Close(TransformerModel model)
    {
        _models.Remove(model);
        model.Dispose();
    }

    public void Dispose()
    {
        foreach (TransformerModel model in _models) model.Dispose();
        Backend.Dispose();
    }

    private TransformerModel Keep(TransformerModel model)
    {
        _models.Add(model);
        return model;
    }

    private static string Processor()
    {
        const string File = "/proc/cpuinfo";
        string? line = Path.Exists(File) ? System.IO.File.ReadLines(File).FirstOrDefault(l => l.StartsWith("model name", StringComparison.Ordinal)) : null;
        return line is null ? RuntimeInformation.ProcessArchitecture.ToString() : line[(line.IndexOf(':', StringComparison.Ordinal) + 1)..].Trim();
    }

    private static string Load()
    {
        const string File = "/proc/loadavg";
        return Path.Exists(File) ? System.IO.File.ReadAllText(File).Split(' ')[0] : "unknown";
    }
}
