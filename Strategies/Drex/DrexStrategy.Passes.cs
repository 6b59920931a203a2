using Switchyard.Model;
using Switchyard.Strategies.Sampling;

namespace Switchyard.Strategies.Drex;

/// <content>Rows on their way: which take part in a step, and how they run from exit to exit.</content>
public sealed partial class DrexStrategy
{
    private readonly int[] _rows, _readoutRows, _promptRows, _promptLast;
    private readonly Flight[] _riders, _ready, _prompts, _readers;
    private int _riderCount, _readyCount, _promptCount, _promptRowCount, _decoding, _emitted;
    private long _step, _layerRows, _passTicks, _now;

    /// <summary>Marks who is in the batch and sorts them: those that can begin a token, oldest first, and those with prompt left.</summary>
    private bool Gather(ReadOnlySpan<DecodingRequest> batch)
    {
        _step++;
        (_readyCount, _promptCount, _decoding) = (0, 0, 0);
        foreach (DecodingRequest request in batch)
        {
            if (request.IsFinished) continue;
            Flight flight = FlightOf(request);
            flight.Seen = _step;
            if (!flight.Reconciled)
            {
                flight.Kv.Reconcile(request.Tokens);
                flight.Reconciled = true;
            }
            if (flight.Kv.Length < flight.PromptTokens) _prompts[_promptCount++] = flight;
            else
            {
                _decoding++;
                if (!flight.HasHead) InsertReady(flight);
            }
        }
        return _promptCount + _decoding > 0;
    }

    private void InsertReady(Flight flight)
    {
        int at = _readyCount++;
        for (; at > 0 && _ready[at - 1].ReadySince > flight.ReadySince; at--) _ready[at] = _ready[at - 1];
        _ready[at] = flight;
    }

    private void AddHeads()
    {
        int count = Math.Min(_readyCount, _options.MaxRows);
        for (int i = 0; i < count; i++)
        {
            Flight flight = _ready[i];
            flight.Begin(_target.Batch.Add(flight.Kv, flight.Request.Tokens[^1], flight.Parent, flight.Approximate ? _policy : Provenance.Exact));
            flight.Request.Statistics.TargetForwards++;
            _riders[_riderCount++] = flight;
        }
    }

    private void AddPrompts()
    {
        int budget = _chunks.Budget(_riderCount, _target.Batch.FreeRows), kept = 0;
        for (int i = 0; i < _promptCount; i++)
        {
            Flight flight = _prompts[i];
            ReadOnlySpan<int> tokens = flight.Request.Tokens;
            int count = budget == 0 ? 0 : _target.Feed(flight.Kv, tokens, _promptRows.AsSpan(_promptRowCount, Math.Min(budget, _promptRows.Length - _promptRowCount)));
            if (count == 0) continue;
            budget -= count;
            _promptRowCount += count;
            flight.Request.Statistics.TargetForwards++;
            _promptLast[kept] = flight.Kv.Length + count == tokens.Length ? _promptRows[_promptRowCount - 1] : -1;
            _prompts[kept++] = flight;
        }
        _promptCount = kept;
    }

    /// <summary>Runs the rows in hand from stage to stage; at each exit some leave, and rows that wait there may join.</summary>
    private void Climb(int start)
    {
        if (start > 0) _promptCount = 0;
        for (int stage = start; stage < _stages.Length; stage++)
        {
            int waited = stage > 0 ? Join(stage - 1, stage == start ? _granted : 0) : 0;
            if (_riderCount + _promptCount == 0) continue;
            long before = _time.GetTimestamp();
            int rows = RunStage(stage, waited);
            if (stage < _ramps.Length) ReadRamp(stage);
            else ReadEnd();
            _now = _time.GetTimestamp();
            _passTicks += _now - before;
            if (_promptCount == 0) _costs.Record(stage, rows, _time.GetElapsedTime(before, _now).TotalSeconds);
            if (stage < _ramps.Length) LeaveAtRamp(stage);
            else LeaveAtEnd();
        }
        RecordIteration(start);
    }

    private int RunStage(int stage, int waited)
    {
        _promptRows.AsSpan(0, _promptRowCount).CopyTo(_rows);
        int count = _promptRowCount, layers = _stages[stage].Count;
        for (int i = 0; i < _riderCount; i++)
        {
            int added = _riders[i].Advance(stage, _rows.AsSpan(count));
            _riders[i].Request.Statistics.LayerRows += (long)added * layers;
            count += added;
        }
        for (int i = 0; i < _promptCount; i++) _prompts[i].Request.Statistics.LayerRows += (long)_prompts[i].Kv.Staged * layers;
        ReadOnlySpan<int> rows = _rows.AsSpan(0, count);
        if (stage == 0) _target.Model.Embed(_target.Batch, rows);
        _target.Model.Run(_target.Batch, rows, _stages[stage]);
        _layerRows += (long)count * layers;
        Log.Add(new(_step, DrexEventKind.Ran, Depth: _stages[stage].Start, Rows: count, Detail: waited));
        return count;
    }

    /// <summary>Takes the confidence of the heads at an exit, and at once the tokens of those that leave.</summary>
    private void ReadRamp(int ramp)
    {
        int count = 0;
        bool looks = !_options.IsBatchDependent || _promptCount == 0; // as published: never while prompts run
        for (int i = 0; i < _riderCount; i++)
        {
            Flight flight = _riders[i];
            flight.Leaves = false;
            if (!looks || flight.Silent || flight.Threshold >= 1) continue;
            (_readers[count], _readoutRows[count]) = (flight, flight.HeadRow);
            Statistics.CountArrival(ramp);
            count++;
        }
        if (count == 0) return;
        var judge = new RampJudge(this, ramp, count);
        _target.Model.Readout(_target.Batch, _readoutRows.AsSpan(0, count), _ramps[ramp], Math.Min(2, _target.Model.Config.VocabSize), ref judge);
    }

    /// <summary>Keeps what the last stage completed, and takes the tokens.</summary>
    private void ReadEnd()
    {
        int count = 0;
        for (int i = 0; i < _promptCount; i++)
        {
            _prompts[i].Kv.CommitAll();
            if (_promptLast[i] < 0) continue;
            (_readers[count], _readoutRows[count]) = (_prompts[i], _promptLast[i]);
            count++;
        }
        for (int i = 0; i < _riderCount; i++)
        {
            Flight flight = _riders[i];
            flight.Kv.CommitAll(); // pending rows came along: nothing of this sequence is left behind
            if (flight.Silent) continue;
            (_readers[count], _readoutRows[count]) = (flight, flight.HeadRow);
            count++;
        }
        var reader = new EndReader(this);
        _target.Model.Readout(_target.Batch, _readoutRows.AsSpan(0, count), _target.Model.FinalExit, ref reader);
    }

    private void Choose(Flight flight, ReadOnlySpan<float> logits)
    {
        try
        {
            flight.Request.Emit(_sampler.Choose(logits, flight.Request.Sampler));
            _emitted++;
        }
        catch (LogitsException e)
        {
            flight.Failed = true;
            flight.Request.Fail(e);
        }
    }

    private struct EndReader(DrexStrategy owner) : ILogitsReader
    {
        public readonly void Read(int index, ReadOnlySpan<float> logits) => owner.Choose(owner._readers[index], logits);
    }

    private struct RampJudge(DrexStrategy owner, int ramp, int total) : ILogitsJudge
    {
        public readonly void Judge(int start, scoped ReadOnlySpan<int> ids, scoped ReadOnlySpan<float> values, scoped ReadOnlySpan<float> logSumExp)
        {
            int best = ids.Length / logSumExp.Length;
            for (int i = 0; i < logSumExp.Length; i++)
                owner.Measure(owner._readers[start + i], ramp, ids[i * best], values.Slice(i * best, best), logSumExp[i]);
            owner.Decide(ramp, start, logSumExp.Length, total);
        }

        public readonly bool Wants(int index) => owner._readers[index].Leaves;

        public readonly void Read(int index, ReadOnlySpan<float> logits) => owner.Choose(owner._readers[index], logits);
    }
}
