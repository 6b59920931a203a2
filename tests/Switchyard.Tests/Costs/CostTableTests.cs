using Switchyard.Strategies.Costs;
using Switchyard.Tests.Cast;
using Xunit;

namespace Switchyard.Tests.Costs;

public sealed class CostTableTests
{
    [Fact]
    public void Every_context_has_a_line_of_the_grid()
    {
        var table = new CostTable(512, [1], [1.0, 2, 3]);
        int previous = 0;
        for (int context = 0; context < 4000; context++)
        {
            int selected = table.Select(context);
            Assert.True(selected >= previous);
            Assert.Contains(selected, (int[])[512, 1024, 1536]);
            previous = selected;
        }
        Assert.Equal(512, table.Select(0));
        Assert.Equal(512, table.Select(511));
        Assert.Equal(1024, table.Select(512));
        Assert.Equal(1536, table.Select(int.MaxValue));
        Assert.Equal(2, table.Seconds(600, 1));
    }

    [Fact]
    public void More_rows_never_cost_less_and_never_more_than_was_measured()
    {
        for (int seed = 0; seed < 100; seed++)
        {
            CostTable table = Trees.RandomTable(new Random(seed));
            for (int context = 0; context < 60; context += 7)
            {
                double previous = 0;
                for (int rows = 1; rows < 90; rows++)
                {
                    double seconds = table.Seconds(context, rows);
                    Assert.True(seconds >= previous - 1e-12);
                    previous = seconds;
                }
                for (int i = 0; i < table.Rows.Length; i++)
                    Assert.True(table.Seconds(context, table.Rows[i]) <= table.Measured[table.Index(context) * table.Rows.Length + i]);
            }
        }
    }

    [Fact]
    public void Between_points_time_is_linear_and_beyond_them_it_goes_on()
    {
        var table = new CostTable(512, [1, 2, 4, 8], [1.0, 1.5, 2.5, 6]);
        Assert.Equal([1, 1.5, 2, 2.5, 3.375], ((int[])[1, 2, 3, 4, 5]).Select(rows => table.Seconds(0, rows)));
        Assert.Equal(6 + 8 * 0.875, table.Seconds(0, 16), 12);
        table.Set(0, 1, 9); // an inversion: two rows are charged what four cost
        Assert.Equal(2.5, table.Seconds(0, 2));
    }

    [Fact]
    public void Nonsense_is_refused()
    {
        Assert.Throws<ArgumentException>(() => new CostTable(512, [2, 3], [1.0, 2]));
        Assert.Throws<ArgumentException>(() => new CostTable(512, [1, 1], [1.0, 2]));
        Assert.Throws<ArgumentException>(() => new CostTable(512, [1, 2], [1.0]));
        Assert.Throws<ArgumentException>(() => new CostTable(512, [1], [double.NaN]));
        Assert.Throws<ArgumentOutOfRangeException>(() => new CostTable(512, [1], [1.0]).Seconds(0, 0));
    }
}
