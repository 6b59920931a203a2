namespace Switchyard.Strategies.Auto;

/// <summary>What a plain step takes at some context, as far as can be told from the latest of all requests: what strategies are judged by.</summary>
/// <remarks>
/// <para>A request in which another strategy is in use has few plain steps, and each of those is slower than its like: caches and predictors
/// are the other's. Here a step counts as what it would have taken in a row of plain ones, by how much first steps of such rows are slower as a
/// rule, and at another context, by how steps grow with it. So steps of earlier requests say what a step takes in this one. The first steps
/// after a prompt are slower still and do not count; by how much is learned, because any step is to be held against what a plain one would
/// have taken in its place.</para>
/// <para>Without outliers. Allocates nothing.</para>
/// </remarks>
internal sealed class PlainLevel
{
    /// <summary>Plain steps in a row that tell by how much the first of them are slower.</summary>
    public const int Row = Unsettled + Settled;

    private const int Remembered = 12, Unsettled = 4, Settled = 4, Starting = 8; // steps
    private const int Often = 4; // steps of a long row: there the level moves slowly, and plain decoding is not to pay for it
    private const double Outlier = 1.3; // times the median
    private const double KeepGrowth = 0.998, LeastSpread = 32, MostGrowth = 0.002, LeastGrown = 0.25; // a step, tokens, a token, of a step at the mean of contexts
    private const double KeepFactor = 0.9, KeepFirst = 0.8, MostFactor = 2;

    private readonly (double Seconds, double Context)[] _steps = new (double, double)[Remembered];
    private readonly double[] _sorted = new double[Remembered], _row = new double[Row];
    private readonly double[] _afterPrompt = [1.3, 1.2, 1.15, 1.1, 1.07, 1.04, 1.02, 1.01], _afterOthers = [1.08, 1.03, 1.015, 1.01];
    private double _n, _x, _y, _xx, _xy; // of contexts and times
    private double _level, _levelAt, _growth; // what the latest steps would take at the mean of contexts, that mean, and how it grows with every token, as a share
    private int _next, _count, _inRow, _since;

    /// <summary>Whether anything is known.</summary>
    public bool IsKnown => _count > 0;

    /// <summary>A prompt ran.</summary>
    public void Prompt() => (_inRow, _since) = (0, 0);

    /// <summary>Another strategy took a step.</summary>
    public void Other() => (_inRow, _since) = (0, Math.Min(_since + 1, Starting));

    /// <summary>Learns from a plain step.</summary>
    /// <param name="seconds">Its time.</param>
    /// <param name="context">Tokens before it, of one request.</param>
    public void Add(double seconds, double context)
    {
        if (!(seconds > 0)) return;
        if (_since < Starting)
        {
            if (_count == Remembered) Learn(_afterPrompt, _since, seconds / Settle(context));
            _since++;
            _inRow++;
            if (_since == Starting && _inRow < Starting) _inRow = 0; // else the row is settled by now
            return;
        }
        if (_inRow < _row.Length)
        {
            _row[_inRow] = seconds;
            if (_inRow == _row.Length - 1) LearnRow();
        }
        int place = _inRow++;
        if (place == 1 && _row[0] <= Outlier * seconds && seconds <= Outlier * _row[0]) Learn(_afterOthers, 0, _row[0] / seconds * _afterOthers[1], KeepFirst); // most rows have two
        double settled = place < Unsettled ? seconds / _afterOthers[place] : seconds;
        if (_count > 0) settled = Math.Min(settled, Outlier * Settle(context));
        Grow(settled, context);
        _steps[_next] = (settled, context);
        _next = (_next + 1) % Remembered;
        _count = Math.Min(_count + 1, Remembered);
        if (_count < Remembered || _inRow <= Row || _next % Often == 0) Recompute();
    }

    /// <summary>What the next step would take if it were one of a row of plain ones, in seconds; 0 before any is known.</summary>
    /// <param name="context">Tokens before it, of one request.</param>
    public double At(double context) => _since < Starting ? _afterPrompt[_since] * Settle(context) : Settle(context);

    private double Settle(double context) => _count == 0 ? 0 : _level * Grown(context);

    private double Grown(double context) => Math.Max(LeastGrown, 1 + _growth * (context - _levelAt));

    // Asked for at every step, changed by few.
    private void Recompute()
    {
        double spread = _n * _xx - _x * _x;
        _levelAt = _x / _n;
        _growth = _n < Remembered || spread < _n * _n * LeastSpread * LeastSpread ? 0 : Math.Clamp((_n * _xy - _x * _y) / spread * _n / _y, 0, MostGrowth);
        Span<double> sorted = _sorted.AsSpan(0, _count);
        for (int i = 0; i < _count; i++) sorted[i] = _steps[i].Seconds / Grown(_steps[i].Context);
        sorted.Sort();
        double most = Outlier * sorted[_count / 2], sum = 0;
        foreach (double step in sorted) sum += Math.Min(step, most);
        _level = sum / _count;
    }

    private void Grow(double seconds, double context)
    {
        (_n, _x, _y, _xx, _xy) = (_n * KeepGrowth + 1, _x * KeepGrowth + context, _y * KeepGrowth + seconds, _xx * KeepGrowth + context * context, _xy * KeepGrowth + context * seconds);
    }

    private void LearnRow()
    {
        double settled = 0;
        for (int i = Unsettled; i < _row.Length; i++) settled += _row[i] / Settled;
        for (int i = 0; i < Unsettled && settled > 0; i++) Learn(_afterOthers, i, _row[i] / settled);
    }

    private static void Learn(double[] factors, int place, double seen, double keep = KeepFactor) => factors[place] += (1 - keep) * (Math.Clamp(seen, 1 / MostFactor, MostFactor) - factors[place]);
}
