using Switchyard.Model;
using Switchyard.Tensor;

namespace Switchyard.Properties;

/// <summary>Runs the sequences of a <see cref="BatchCase"/>, each row by the case's policy, together or alone.</summary>
internal static class PolicyDecoder
{
    private static readonly Provenance Policy = new(7);

    /// <summary>All sequences in the same passes, rows in a shuffled order; logits as [sequence][token][VocabSize].</summary>
    public static float[][][] Together(TransformerModel model, BatchCase c)
    {
        using var probe = new LogitsProbe(model);
        KvSequence[] caches = [.. c.Sequences.Select(_ => probe.Rent())];
        float[][][] logits = [.. c.Sequences.Select(s => new float[s.Length][])];
        var random = new CaseRandom(c.Seed);
        // Sequences join at different passes, so that rows of a pass are at different positions.
        int[] joins = [.. c.Sequences.Select(_ => random.Below(5))];
        for (int pass = 0; pass < c.Sequences.Select((s, i) => joins[i] + s.Length).Max(); pass++)
        {
            int[] alive = [.. random.Shuffled(c.Sequences.Length).Where(s => pass >= joins[s] && pass - joins[s] < c.Sequences[s].Length)];
            if (alive.Length == 0) continue;
            float[][] rows = Pass(probe, c, [.. alive.Select(s => (s, pass - joins[s], caches[s]))]);
            for (int i = 0; i < alive.Length; i++) logits[alive[i]][pass - joins[alive[i]]] = rows[i];
        }
        return logits;
    }

    /// <summary>One sequence in passes of its own; logits as [token][VocabSize].</summary>
    public static float[][] Alone(TransformerModel model, BatchCase c, int sequence)
    {
        using var probe = new LogitsProbe(model);
        KvSequence kv = probe.Rent();
        return [.. Enumerable.Range(0, c.Sequences[sequence].Length).Select(t => Pass(probe, c, [(sequence, t, kv)])[0])];
    }

    /// <summary>Fills a cache as a <see cref="CatchUpCase"/> has it: exact rows, then rows that skip the second layer.</summary>
    public static void Pollute(LogitsProbe probe, KvSequence kv, CatchUpCase c)
    {
        int exact = Math.Min(c.Polluted, c.Left.Length);
        probe.Append(kv, c.Left.AsSpan(0, exact));
        TransformerModel model = probe.Runner.Model;
        LayerMask[] routes = new LayerMask[probe.Runner.Batch.Capacity];
        Array.Fill(routes, LayerMask.All(model.Config.LayerCount).Without(1));
        foreach (int token in c.Left.AsSpan(exact))
        {
            int row = probe.Runner.Batch.Add(kv, token, provenance: Policy);
            model.Embed(probe.Runner.Batch, [row]);
            model.Run(probe.Runner.Batch, [row], model.AllLayers, routes);
            kv.CommitAll();
            probe.Runner.Batch.Clear();
        }
    }

    private static float[][] Pass(LogitsProbe probe, BatchCase c, (int Sequence, int Token, KvSequence Kv)[] items)
    {
        ForwardBatch batch = probe.Runner.Batch;
        Provenance provenance = c.Policy == RowPolicy.Exact ? Provenance.Exact : Policy;
        int[] rows = [.. items.Select(i => batch.Add(i.Kv, c.Sequences[i.Sequence][i.Token], provenance: provenance))];
        // What a row does depends on its sequence and token alone, as any policy's choice must.
        CaseRandom[] choices = [.. items.Select(i => new CaseRandom(c.Seed ^ (i.Sequence * 7907 + i.Token * 131)))];
        probe.Runner.Model.Embed(batch, rows);
        float[][] logits = c.Policy switch
        {
            RowPolicy.Exact => Exact(probe, rows),
            RowPolicy.Exit => Exits(probe, rows, choices),
            _ => Routed(probe, rows, choices, c.Policy == RowPolicy.SkipZero ? KvStore.Zero : KvStore.Absent),
        };
        foreach ((_, _, KvSequence kv) in items) kv.CommitAll();
        batch.Clear();
        return logits;
    }

    private static float[][] Exact(LogitsProbe probe, int[] rows)
    {
        probe.Runner.Model.Run(probe.Runner.Batch, rows, probe.Runner.Model.AllLayers);
        return probe.Logits(rows, probe.Runner.Model.FinalExit);
    }

    private static float[][] Routed(LogitsProbe probe, int[] rows, CaseRandom[] choices, short skipped)
    {
        TransformerModel model = probe.Runner.Model;
        LayerMask[] routes = new LayerMask[probe.Runner.Batch.Capacity];
        for (int i = 0; i < rows.Length; i++)
        {
            routes[rows[i]] = LayerMask.All(model.Config.LayerCount);
            for (int layer = 1; layer < model.Config.LayerCount - 1; layer++)
                if (choices[i].Below(2) == 0) routes[rows[i]] = routes[rows[i]].Without(layer);
        }
        model.Run(probe.Runner.Batch, rows, model.AllLayers, routes, skipped: skipped);
        return probe.Logits(rows, model.FinalExit);
    }

    /// <summary>Rows go one layer at a time, those that stay in two groups, so that rows of different depths are in the arena at once.</summary>
    private static float[][] Exits(LogitsProbe probe, int[] rows, CaseRandom[] choices)
    {
        TransformerModel model = probe.Runner.Model;
        float[][] logits = new float[rows.Length][];
        int[] depths = [.. choices.Select(choice => 1 + choice.Below(model.Config.LayerCount))];
        for (int parity = 0; parity < 2; parity++)
        {
            for (int layer = 0; layer < model.Config.LayerCount; layer++)
            {
                int[] group = [.. rows.Where((_, i) => i % 2 == parity && depths[i] > layer)];
                if (group.Length > 0) model.Run(probe.Runner.Batch, group, new LayerRange(layer, layer + 1));
            }
            for (int i = parity; i < rows.Length; i += 2)
            {
                logits[i] = probe.Logits([rows[i]], model.SharedExit(depths[i]))[0];
                model.FillFromExit(probe.Runner.Batch, rows[i], depths[i]);
            }
        }
        return logits;
    }
}
