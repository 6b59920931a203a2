using System.Diagnostics;
using Switchyard.Backends.Cpu.Kernels;

namespace Switchyard.Backends.Cpu;

/// <summary>
/// Finds out over how many panels at once products of one kind are read fastest. Processors differ: one that waits for few lines at a time
/// needs several streams, one with strong prefetchers is slowed by them; and where weights are in a cache, a single panel's sums wait for
/// themselves. Results are the same, so products serve as the measurement: by turns at first, then another form now and then, since other
/// programs and the placing of threads change what is fastest. A form is judged by its time over that of the form in use just before.
/// </summary>
/// <param name="forms">Panels that a tile may go over together; the first is in use until more is known.</param>
internal sealed class StreamTuner(params int[] forms)
{
    private const int Remembered = 8; // of a form's latest trials
    private const int LeastPeriod = 127, MostPeriod = 8191; // products from one trial to the next: with no period of layers
    private const double TrialShare = 0.001; // of the time that trials may cost
    private const double Lead = 0.97; // of the time of the form in use, for another to take its place

    private readonly double[,] _ratios = new double[forms.Length, Remembered];
    private readonly int[] _taken = new int[forms.Length];
    private readonly double[] _sorted = new double[Remembered];
    private int _used, _tried, _form, _left = 2; // products until the next trial is over: the last is the trial, the one before is what it is held against
    private int _rows; // of the product before
    private double _before;

    /// <summary>Trials of each form after which one is chosen.</summary>
    public const int Samples = 4;

    /// <summary>Panels that a tile goes over together, as far as is known.</summary>
    public int Panels => forms[_used];

    /// <summary>True once every form was measured.</summary>
    public bool IsSettled { get; private set; } = forms.Length == 1;

    /// <summary>Panels that the next product goes over together.</summary>
    /// <param name="rows">Its rows: a trial is held against a product of as many.</param>
    /// <param name="start">When it begins; 0 if nothing is learned from it.</param>
    public int Begin(int rows, out long start)
    {
        start = 0;
        if (forms.Length == 1) return Panels;
        _form = _used;
        if (_left == 1 && rows != _rows) _left = 2; // it is held against this one then
        if (--_left > 1) return Panels;
        if (_left == 0) _form = NextTried();
        _rows = rows;
        start = Stopwatch.GetTimestamp();
        return forms[_form];
    }

    /// <summary>Learns from a product.</summary>
    public void End(long start)
    {
        if (start != 0) Add(Stopwatch.GetTimestamp() - start);
    }

    /// <summary>Learns what a product took in the form whose turn it was.</summary>
    internal void Add(double time)
    {
        if (_left == 1)
        {
            _before = time;
            return;
        }
        _ratios[_form, _taken[_form]++ % Remembered] = time / _before;
        _left = 2;
        if (!IsSettled)
        {
            for (int form = 0; form < forms.Length; form++)
                if (form != _used && _taken[form] < Samples) return;
            IsSettled = true;
            int best = _used;
            double least = Lead;
            for (int form = 0; form < forms.Length; form++)
                if (form != _used && Median(form) is var ratio && ratio < least) (best, least) = (form, ratio);
            if (best != _used) Use(best);
            return;
        }
        double median = Median(_form);
        _left = 1 + (int)Math.Clamp((median - 1) / TrialShare, LeastPeriod, MostPeriod); // the worse it was, the longer until the next trial
        if (median < Lead && _taken[_form] >= Samples) Use(_form);
    }

    private int NextTried()
    {
        if (++_tried % forms.Length == _used) _tried++;
        return _tried % forms.Length;
    }

    // What was measured is told over the new form's time.
    private void Use(int form)
    {
        double ratio = Median(form);
        for (int other = 0; other < forms.Length; other++)
            for (int i = 0; i < Remembered; i++) _ratios[other, i] = other == _used ? 1 / ratio : _ratios[other, i] / ratio;
        _taken[_used] = _taken[form];
        _used = form;
    }

    private double Median(int form)
    {
        int count = Math.Min(_taken[form], Remembered);
        for (int i = 0; i < count; i++) _sorted[i] = _ratios[form, i];
        Array.Sort(_sorted, 0, count);
        return _sorted[count / 2];
    }
}
