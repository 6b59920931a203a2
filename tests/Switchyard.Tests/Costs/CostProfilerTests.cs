using Switchyard.Backends.Cpu;
using Switchyard.Model;
using Switchyard.Properties.Faults;
using Switchyard.Strategies.Costs;
using Switchyard.Tensor;
using Switchyard.Tests.Files;
using Switchyard.Tests.Speculation;
using Xunit;

namespace Switchyard.Tests.Costs;

public sealed class CostProfilerTests
{
    private static readonly LayerRange All = new(0, 4);
    private static readonly CostProfilerOptions Options = new() { ContextStep = 32, MaxContexts = 2, MaxRows = 8, TimeShare = 0.25 };

    [Fact]
    public void Times_are_those_of_the_clock_whose_passes_were_run()
    {
        var clock = new WorkClock();
        using var backend = new Clocked(clock);
        using ModelRunner runner = Decoding.Runner(backend, "llama-linear-rope");
        var profiler = new CostProfiler(runner, time: clock, options: Options);
        profiler.Calibrate(All);
        profiler.Calibrate(new LayerRange(0, 2));
        CostTable table = profiler.Table(All);
        double one = table.Seconds(0, 1), eight = table.Seconds(0, 8);
        Assert.Equal(8, eight / one, 3); // this backend takes a second a row of every product
        Assert.Equal(0.5, profiler.Table(new LayerRange(0, 2)).Seconds(0, 1) / CostOf(profiler, new LayerRange(0, 4), 1), 0.2);
        Assert.Equal(eight, profiler.Seconds(All, 2, 0, 4), 9);
    }

    [Fact]
    public void Measuring_between_steps_takes_one_pass_at_a_time_and_no_more_than_its_share()
    {
        var clock = new WorkClock();
        using var backend = new Clocked(clock);
        using ModelRunner runner = Decoding.Runner(backend, "llama-linear-rope");
        var profiler = new CostProfiler(runner, time: clock, options: Options);
        profiler.Seconds(All, 1, 0, 1);
        double start = clock.Seconds, longest = 0;
        int calls = 0;
        for (; !profiler.IsCalibrated && calls < 5000; calls++)
        {
            double before = profiler.SecondsSpent;
            profiler.BetweenSteps();
            longest = Math.Max(longest, profiler.SecondsSpent - before);
            clock.Advance(20); // the steps of decoding
            Assert.True(profiler.SecondsSpent <= 0.25 * (clock.Seconds - start) + longest + 1e-9);
        }
        Assert.True(profiler.IsCalibrated);
        Assert.True(calls > 10);
        Assert.Equal(runner.Batch.Capacity, runner.Batch.FreeRows);
        Assert.Equal(runner.Pool.Store.Shape.Pages, runner.Pool.FreePages);
    }

    [Fact]
    public void What_was_measured_is_remembered()
    {
        using var folder = new TemporaryFolder();
        var store = new CostStore(Path.Combine(folder.Path, "costs"));
        var clock = new WorkClock();
        using var backend = new Clocked(clock);
        using ModelRunner runner = Decoding.Runner(backend, "llama-linear-rope");
        var first = new CostProfiler(runner, store, clock, Options);
        first.Calibrate(All);
        first.Calibrate(new LayerRange(0, 2));
        var second = new CostProfiler(runner, store, clock, Options);
        Assert.Equal(first.Table(All).Measured.ToArray(), second.Table(All).Measured.ToArray());
        Assert.Equal(first.Table(new LayerRange(0, 2)).Measured.ToArray(), second.Table(new LayerRange(0, 2)).Measured.ToArray());
        Assert.Equal(0, second.SecondsSpent);

        foreach (string file in Directory.GetFiles(store.Folder)) File.WriteAllText(file, "{ \"Key\": [");
        var third = new CostProfiler(runner, store, clock, Options);
        Assert.False(third.IsCalibrated);
        third.Calibrate(All);
        Assert.Equal(first.Table(All).Measured[0], third.Table(All).Measured[0], 6);
    }

    [Theory]
    [InlineData("{\"Key\":\"KEY\",\"Ranges\":null}")]
    [InlineData("{\"Key\":\"KEY\",\"Ranges\":[null]}")]
    [InlineData("{\"Key\":\"KEY\",\"Ranges\":[{\"Start\":0,\"End\":4,\"ContextStep\":32,\"Rows\":null,\"Seconds\":null}]}")]
    [InlineData("{\"Key\":\"KEY\",\"Ranges\":[{\"Start\":0,\"End\":4,\"ContextStep\":32,\"Rows\":[1,2,3,4,6,8],\"Seconds\":[-1,0,1e999,0,0,0,0,0,0,0,0,0]}]}")]
    [InlineData("{\"Key\":\"another\"}")]
    public void A_damaged_file_costs_a_measurement_and_nothing_else(string content)
    {
        using var folder = new TemporaryFolder();
        using var backend = new Clocked(new WorkClock());
        using ModelRunner runner = Decoding.Runner(backend, "llama-linear-rope");
        var store = new CostStore(folder.Path);
        string key = new CostProfiler(runner, store).Key;
        new CostProfiler(runner, store, options: Options).Calibrate(All);
        string path = Assert.Single(Directory.GetFiles(folder.Path));
        File.WriteAllText(path, content.Replace("KEY", key, StringComparison.Ordinal));
        var profiler = new CostProfiler(runner, store, options: Options);
        Assert.True(profiler.Seconds(All, 1, 0, 1) > 0);
        Assert.True(double.IsFinite(profiler.Seconds(All, 3, 10, 5)));
    }

    [Fact]
    public void A_folder_that_cannot_be_written_is_harmless()
    {
        using var folder = new TemporaryFolder();
        string file = Path.Combine(folder.Path, "taken");
        File.WriteAllText(file, "a file where the folder should be");
        using var backend = new Clocked(new WorkClock());
        using ModelRunner runner = Decoding.Runner(backend, "llama-linear-rope");
        var profiler = new CostProfiler(runner, new CostStore(file), options: Options);
        profiler.Calibrate(All);
        Assert.True(profiler.Seconds(All, 1, 0, 1) > 0);
    }

    [Fact]
    public void Passes_in_earnest_correct_the_table_and_one_outlier_does_not()
    {
        using var backend = new Clocked(new WorkClock());
        using ModelRunner runner = Decoding.Runner(backend, "llama-linear-rope");
        var profiler = new CostProfiler(runner, options: Options);
        double at = profiler.Seconds(All, 2, 0, 2);
        profiler.Observe(All, 2, 0, 2, 1000 * at);
        Assert.InRange(profiler.Seconds(All, 2, 0, 2) / at, 1, 1.21);
        profiler.Observe(All, 2, 0, 2, double.NaN);
        for (int i = 0; i < 200; i++) profiler.Observe(All, 2, 0, 2, 2 * at);
        Assert.Equal(2, profiler.Seconds(All, 2, 0, 2) / at, 3);
        Assert.Equal(at, profiler.Seconds(All, 1, 0, 4), 12); // another batch size learns its own
    }

    [Fact]
    public void What_was_measured_too_dear_to_be_run_again_follows_what_is_run()
    {
        using var backend = new Clocked(new WorkClock());
        using ModelRunner runner = Decoding.Runner(backend, "llama-linear-rope");
        var profiler = new CostProfiler(runner, options: Options);
        double two = profiler.Seconds(All, 1, 0, 2), eight = profiler.Seconds(All, 1, 0, 8);
        for (int i = 0; i < 400; i++) profiler.Observe(All, 1, 0, 1, 0.4 * profiler.Table(All).Seconds(0, 1)); // measured while the machine was slow
        Assert.Equal(0.4, profiler.Seconds(All, 1, 0, 2) / two, 2);
        for (int i = 0; i < 200; i++) profiler.Observe(All, 1, 0, 8, eight);
        Assert.Equal(1, profiler.Seconds(All, 1, 0, 8) / eight, 2);
        Assert.InRange(profiler.Seconds(All, 1, 0, 1) / profiler.Table(All).Seconds(0, 1), 0.4, 0.8); // the farther, the slower
    }

    private static double CostOf(CostProfiler profiler, LayerRange layers, int rows) => profiler.Table(layers).Seconds(0, rows);

    /// <summary>A clock that only work moves.</summary>
    private sealed class WorkClock : TimeProvider
    {
        private double _seconds;

        public double Seconds => _seconds;

        public override long TimestampFrequency => 1_000_000;

        public void Advance(double seconds) => _seconds += seconds;

        public override long GetTimestamp() => (long)(_seconds * 1_000_000);
    }

    /// <summary>A backend on which every product takes a second a row.</summary>
    private sealed class Clocked(WorkClock clock) : BackendDecorator(new CpuBackend(new CpuOptions { Threads = 1 }))
    {
        public override void MatMul(Matrix x, ReadOnlySpan<Projection> projections, ReadOnlySpan<int> rows, bool accumulate = false)
        {
            clock.Advance(rows.Length);
            base.MatMul(x, projections, rows, accumulate);
        }
    }
}
