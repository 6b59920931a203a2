using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Switchyard.Model;
using Switchyard.Strategies;

namespace Switchyard.Properties;

/// <summary>
/// A number that stands for every bit of a model's logits over a fixed text, and for the tokens that it then draws: equal on
/// every machine, instruction set, device and thread count that keeps the canonical sums.
/// </summary>
public static class ModelDigest
{
    private const int Rows = 40, Drawn = 24;

    /// <summary>The digest, 16 hexadecimal digits.</summary>
    /// <param name="model">A model with a vocabulary of at least 29 tokens and a context of at least 64.</param>
    public static string Of(TransformerModel model)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var random = new CaseRandom(20);
        int[] prompt = [.. Enumerable.Range(0, Rows).Select(_ => random.Below(TinyModels.VocabSize))];
        using (var probe = new LogitsProbe(model))
        {
            KvSequence kv = probe.Rent();
            foreach (float[] logits in probe.Append(kv, prompt)) hash.AppendData(MemoryMarshal.AsBytes<float>(logits));
            int[] tree = probe.AddTree(kv, prompt[..12], CaseGenerators.Parents(12, seed: 3));
            foreach (float[] logits in probe.Forward(tree)) hash.AppendData(MemoryMarshal.AsBytes<float>(logits));
        }
        hash.AppendData(MemoryMarshal.AsBytes<int>(Draw(model, prompt[..8])));
        return Convert.ToHexStringLower(hash.GetHashAndReset().AsSpan(0, 8));
    }

    /// <summary>Tokens drawn at temperature 0.9 from the likeliest nine tenths.</summary>
    private static int[] Draw(TransformerModel model, int[] prompt)
    {
        using var plain = new AutoregressiveStrategy(new ModelRunner(model, batchRows: 16, cacheSlots: 64));
        var request = new DecodingRequest(prompt, new GenerationOptions { Temperature = 0.9f, TopP = 0.9f, Seed = 11, MaxNewTokens = Drawn });
        if (!plain.TryAdmit(request)) throw new InvalidOperationException("The digest's own cache is too small.");
        while (!request.IsFinished) plain.Step([request]);
        int[] tokens = request.Output.ToArray();
        plain.Release(request);
        return tokens;
    }
}
