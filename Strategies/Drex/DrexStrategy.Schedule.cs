namespace Switchyard.Strategies.Drex;

/// <content>When rows that wait go on. Nothing here changes tokens, except under <see cref="StayRule.Paper"/>.</content>
public sealed partial class DrexStrategy
{
    private readonly double[] _arrived, _stayed; // [ramps]: fading sums of decode rows that came to an exit, and stayed
    private int _granted;                        // rows that go on where the step begins, if it begins behind an exit

    /// <summary>The stage a step begins with: 0, or that of rows which cannot wait for a shallow pass.</summary>
    private int FirstStage(long now)
    {
        (_exitedInStep, _granted) = (false, int.MaxValue);
        bool hasNew = _readyCount + _promptCount > 0;
        int lowest = 0, due = 0;
        bool urgent = false;
        for (int ramp = _queues.Length - 1; ramp >= 0; ramp--)
        {
            if (_queues[ramp].First(_step) is not { } first) continue;
            lowest = ramp + 1;
            bool late = IsUrgent(ramp, now, _readyCount);
            urgent |= late;
            if (late || _step - first.ParkedAt >= _options.MaxWait) due = ramp + 1;
        }
        if (_threshold is not null && !urgent && PaperFlush() is > 0 and int flush) return flush;
        if (urgent || !hasNew) return urgent ? due : lowest;
        return _promptCount == 0 && due == 0 ? LeftBehind() : 0;
    }

    /// <summary>The stage behind an exit at which an earlier group left enough rows behind for another; 0 for none.</summary>
    private int LeftBehind()
    {
        for (int ramp = _queues.Length - 1; ramp >= 0 && !_options.IsBatchDependent; ramp--)
            if (_queues[ramp].Present(_step) is > 0 and int waiting && (_granted = RowsThatPay(ramp, waiting, _readyCount, stepBegins: true)) > 0) return ramp + 1;
        return 0;
    }

    /// <summary>The published conditions for a flush: enough rows, old enough, or nothing else to run; 0 for none.</summary>
    private int PaperFlush()
    {
        int total = 0, fullest = 0, most = 0;
        bool old = false;
        for (int ramp = 0; ramp < _queues.Length; ramp++)
        {
            int present = _queues[ramp].Present(_step);
            if (present == 0) continue;
            total += present;
            old |= _step - _queues[ramp].First(_step)!.ParkedAt >= _options.MaxWait;
            if (present > most || present >= _options.MaxRows) (fullest, most) = (ramp + 1, present); // the deeper one where both would do
        }
        return total >= _options.MaxRows || old || _readyCount + _promptCount == 0 ? fullest : 0;
    }

    /// <summary>Lets rows that wait at an exit join the pass, or not.</summary>
    /// <param name="ramp">Index of the exit.</param>
    /// <param name="granted">Rows that go on for sure; 0: what pays.</param>
    /// <returns>Rows that had waited since an earlier step.</returns>
    private int Join(int ramp, int granted)
    {
        ParkedQueue queue = _queues[ramp];
        int waiting = queue.Present(_step), waited = 0;
        if (waiting == 0) return 0;
        if ((granted > 0 ? granted : RowsThatGoOn(ramp, waiting)) is > 0 and int rows)
        {
            int room = _options.IsBatchDependent ? DrexOptions.MaxGroupRows - _riderCount : _options.MaxRows;
            int taken = queue.Take(_step, _riders.AsSpan(_riderCount, Math.Min(Math.Min(room, Math.Min(rows, _options.MaxRows)), _riders.Length - _riderCount)));
            for (int i = 0; i < taken; i++) if (Resume(_riders[_riderCount + i], ramp)) waited++;
            if (waited > 0) Statistics.Regroupings++;
            _riderCount += taken;
        }
        NoteParked(queue, ramp);
        return waited;
    }

    private int RowsThatGoOn(int ramp, int waiting)
    {
        if (_threshold is not null) return _riderCount + _promptCount > 0 && waiting >= _options.InlineDrain ? waiting : 0;
        if (_options.Policy == DrexPolicy.LatencyOnly || _promptCount > 0 || ParkedRows > _options.ParkedLimit) return waiting;
        int oldest = (int)(_step - _queues[ramp].First(_step)!.ParkedAt), ready = _decoding;
        foreach (ParkedQueue queue in _queues) ready -= queue.Present(_step);
        if (oldest >= _options.MaxWait || ready <= 0 || IsUrgent(ramp, _now, ready)) return waiting;
        return RowsThatPay(ramp, waiting, ready, stepBegins: false);
    }

    private int RowsThatPay(int ramp, int waiting, int ready, bool stepBegins)
    {
        int oldest = (int)(_step - _queues[ramp].First(_step)!.ParkedAt);
        double stays = 1;
        for (int i = 0; i <= ramp; i++) stays *= _arrived[i] > 0 ? _stayed[i] / _arrived[i] : 1;
        int rows = _rule.Rows(new RampSituation(ramp, waiting, ready, oldest, _options.MaxRows, stays, stepBegins));
        return rows > 0 ? rows : waiting >= _options.MaxRows ? waiting : 0; // a full pass has nothing to wait for
    }

    private bool Resume(Flight flight, int ramp)
    {
        flight.Parked = false;
        int wait = (int)(_step - flight.ParkedAt);
        if (wait == 0) return false;
        flight.Request.Statistics.TargetForwards++;
        flight.Request.Statistics.Rebatches++;
        Statistics.WaitedSteps += wait;
        Statistics.LongestWait = Math.Max(Statistics.LongestWait, wait);
        if (Log.IsEnabled) Log.Add(new(_step, DrexEventKind.Resumed, flight.Number, _target.Batch.Positions[flight.HeadRow], _ramps[ramp].Depth, wait));
        return true;
    }

    private void NoteParked(ParkedQueue queue, int ramp)
    {
        for (int i = 0; i < queue.Count; i++)
        {
            if (queue[i].ParkedAt != _step) continue;
            Statistics.Parkings++;
            Note(queue[i], DrexEventKind.Parked, _ramps[ramp].Depth, queue[i].Confidence);
        }
        Statistics.MostParked = Math.Max(Statistics.MostParked, ParkedRows);
    }

    /// <summary>
    /// Whether a row that waits at an exit would miss its deadline if it waited for one more shallow pass:
    /// D − now ≤ t_d · (1 + safety) + t_s (docs/papers/drex.md, deadlines).
    /// </summary>
    private bool IsUrgent(int ramp, long now, int ready)
    {
        ParkedQueue queue = _queues[ramp];
        long earliest = long.MaxValue;
        int waiting = 0;
        for (int i = 0; i < queue.Count; i++)
        {
            if (queue[i].Seen != _step) continue;
            waiting++;
            if (!queue[i].Silent) earliest = Math.Min(earliest, queue[i].Deadline);
        }
        if (earliest == long.MaxValue) return false;
        double deep = 0, shallow = 0;
        for (int stage = 0; stage < _stages.Length; stage++)
        {
            if (stage <= ramp) shallow += _costs.Seconds(stage, Math.Min(ready, _options.MaxRows));
            else deep += _costs.Seconds(stage, Math.Min(waiting, _options.MaxRows));
        }
        return (earliest - now) / (double)_time.TimestampFrequency <= (deep * (1 + _options.Safety)) + shallow;
    }

    /// <summary>Tells ART which kind of iteration this was, and its time.</summary>
    private void RecordIteration(int start)
    {
        if (_threshold is null || _promptCount > 0) return;
        double seconds = _time.GetElapsedTime(0, _passTicks).TotalSeconds;
        if (start > 0) _threshold.RecordDeep(seconds);
        else if (_exitedInStep) _threshold.RecordShallow(seconds);
        else _threshold.RecordFull(seconds);
    }
}
