using Switchyard.Model;
using Switchyard.Tensor;

namespace Switchyard.Strategies.Drex;

/// <content>What happens at an exit: confidence, verdict, leaving.</content>
public sealed partial class DrexStrategy
{
    private readonly float[] _margins = new float[DrexOptions.MaxGroupRows]; // confidence − threshold, for the median
    private bool _split;   // the verdict at the exit in hand, where one is given for the group
    private bool _exitedInStep;

    /// <summary>Top-1 minus top-2 probability (DREX, arXiv:2512.15705, section on ramps), in [0, 1]; NaN where logits are not numbers.</summary>
    internal static float Gap(int bestId, ReadOnlySpan<float> bestLogits, float logSumExp)
    {
        if (bestId < 0 || !float.IsFinite(logSumExp)) return float.NaN;
        float first = CanonicalMath.Exp(bestLogits[0] - logSumExp);
        float second = bestLogits.Length > 1 ? CanonicalMath.Exp(bestLogits[1] - logSumExp) : 0;
        return Math.Clamp(first - second, 0, 1);
    }

    private void Measure(Flight flight, int ramp, int bestId, ReadOnlySpan<float> bestLogits, float logSumExp)
    {
        float measured = Gap(bestId, bestLogits, logSumExp);
        flight.Confidence = float.IsNaN(measured) || _confidence is null ? measured
            : _confidence.Confidence(flight.Request, _target.Batch.Positions[flight.HeadRow], _ramps[ramp].Depth, measured);
    }

    /// <summary>Who leaves, among rows start … start + count − 1 of those that were read.</summary>
    private void Decide(int ramp, int start, int count, int total)
    {
        Span<Flight> flights = _readers.AsSpan(start, count);
        int wanting = 0;
        foreach (Flight flight in flights)
        {
            flight.Leaves = flight.Confidence > flight.Threshold || float.IsNaN(flight.Confidence); // not numbers: reading them reports it
            if (flight.Leaves) wanting++;
        }
        if (!_options.IsBatchDependent) return;
        if (_threshold is null)
        {
            bool everybody = GroupLeaves(flights, wanting);
            foreach (Flight flight in flights) Force(flight, ramp, everybody);
            return;
        }
        bool room = ParkedRows + count - wanting <= _options.ParkedLimit;
        _split = room && wanting > SplitAbove(total);
        if (_split) return;
        foreach (Flight flight in flights) Force(flight, ramp, leaves: false);
    }

    private double SplitAbove(int rows) =>
        _threshold is null ? 0 : _splitAbove?.Invoke(rows) ?? _options.SplitThreshold ?? _threshold.Threshold(rows);

    private bool GroupLeaves(ReadOnlySpan<Flight> flights, int wanting)
    {
        float sum = 0;
        for (int i = 0; i < flights.Length; i++) sum += _margins[i] = flights[i].Confidence - flights[i].Threshold;
        Span<float> margins = _margins.AsSpan(0, flights.Length);
        switch (_options.Policy)
        {
            case DrexPolicy.Eager: return wanting > 0;
            case DrexPolicy.Lazy: return wanting == flights.Length;
            case DrexPolicy.Average: return sum > 0;
            default:
                margins.Sort();
                return margins[(margins.Length - 1) / 2] + margins[margins.Length / 2] > 0;
        }
    }

    private void Force(Flight flight, int ramp, bool leaves)
    {
        if (flight.Leaves == leaves || float.IsNaN(flight.Confidence)) return;
        if (leaves) Statistics.ForcedExits++;
        else Statistics.ForcedStays++;
        Note(flight, leaves ? DrexEventKind.ForcedExit : DrexEventKind.ForcedStay, _ramps[ramp].Depth, flight.Confidence);
        flight.Leaves = leaves;
    }

    /// <summary>Lets the rows that left go, and queues or keeps the others.</summary>
    private void LeaveAtRamp(int ramp)
    {
        int kept = 0, stays = 0, riders = _riderCount;
        bool queues = !_options.IsBatchDependent || _split;
        for (int i = 0; i < riders; i++)
        {
            Flight flight = _riders[i];
            if (flight.Leaves && !Leave(flight, ramp)) continue;
            stays++;
            if (queues)
            {
                (flight.Parked, flight.ParkedAt) = (true, _step);
                _queues[ramp].Add(flight);
            }
            else _riders[kept++] = flight;
        }
        Array.Clear(_riders, kept, riders - kept);
        (_riderCount, _split) = (kept, false);
        if (riders == 0) return;
        const double Memory = 0.95;
        (_arrived[ramp], _stayed[ramp]) = ((_arrived[ramp] * Memory) + riders, (_stayed[ramp] * Memory) + stays);
    }

    /// <summary>A row leaves with the token it was given.</summary>
    /// <returns>Whether it runs on nevertheless, to fill its keys and values.</returns>
    private bool Leave(Flight flight, int ramp)
    {
        if (flight.Failed)
        {
            (flight.Leaves, _decoding) = (false, _decoding - 1);
            DropRows(flight);
            return false;
        }
        int depth = _ramps[ramp].Depth;
        bool fills = _options.Policy == DrexPolicy.LatencyOnly || _options.Kv == MissingKv.Postfill;
        bool pends = fills && _options.Policy != DrexPolicy.LatencyOnly && flight.CanHoldMore && _pending < _pendingLimit;
        Statistics.CountExit(ramp);
        flight.Request.Statistics.RecordDepth(depth);
        _exitedInStep = true;
        Note(flight, fills && !pends ? DrexEventKind.Spoke : DrexEventKind.Exited, depth, flight.Confidence);
        Timed(flight);
        flight.Leaves = false;
        if (flight.Request.IsFinished) _decoding--;

        if (!fills)
        {
            _target.Model.FillFromExit(_target.Batch, flight.HeadRow, depth);
            flight.Kv.Mark(_target.Batch.Slot(flight.HeadRow), _policy);
            flight.Kv.CommitAll();
            _target.Batch.Remove(flight.HeadRow);
            flight.Clear();
            flight.Approximate = true;
        }
        else if (flight.Request.IsFinished) DropRows(flight);
        else if (pends)
        {
            flight.LeavePending();
            _pending++;
        }
        else
        {
            flight.Silent = true;
            return true;
        }
        return false;
    }

    private void LeaveAtEnd()
    {
        for (int i = 0; i < _promptCount; i++)
        {
            if (_promptLast[i] < 0 || _prompts[i].Failed) continue;
            Statistics.PromptTokens++;
            _prompts[i].Request.Statistics.RecordDepth(_target.Model.Config.LayerCount);
            Note(_prompts[i], DrexEventKind.Prompted, _target.Model.Config.LayerCount, 0, _promptLast[i]);
            Timed(_prompts[i]);
        }
        for (int i = 0; i < _riderCount; i++)
        {
            Flight flight = _riders[i];
            if (!flight.Failed && !flight.Silent)
            {
                Statistics.DeepTokens++;
                flight.Request.Statistics.RecordDepth(_target.Model.Config.LayerCount);
                Note(flight, DrexEventKind.Completed, _target.Model.Config.LayerCount, 0);
                Timed(flight);
            }
            flight.ReadySince = _step;
            DropRows(flight); // committed already: frees the arena rows
        }
    }

    private void Note(Flight flight, DrexEventKind kind, int depth, float value) => Note(flight, kind, depth, value, flight.HeadRow);

    private void Note(Flight flight, DrexEventKind kind, int depth, float value, int row)
    {
        if (Log.IsEnabled) Log.Add(new(_step, kind, flight.Number, _target.Batch.Positions[row], depth, Value: value));
    }

    /// <summary>Takes the time of a token and reports it where it is late.</summary>
    private void Timed(Flight flight)
    {
        flight.ReadySince = _step;
        if (flight.TimeBetweenTokens == 0) return;
        if (flight.LastToken != 0)
        {
            Statistics.TimedTokens++;
            if (_now > flight.Deadline)
            {
                TimeSpan late = _time.GetElapsedTime(flight.Deadline, _now);
                Statistics.Misses++;
                if (late > Statistics.WorstMiss) Statistics.WorstMiss = late;
                if (Log.IsEnabled) Log.Add(new(_step, DrexEventKind.Missed, flight.Number, flight.Request.Tokens.Length - 1, Value: (float)late.TotalMilliseconds));
            }
        }
        flight.LastToken = Math.Max(1, _now);
    }
}
