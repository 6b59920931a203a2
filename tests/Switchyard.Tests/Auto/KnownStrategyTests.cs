using Switchyard.Strategies.Auto;
using Xunit;

namespace Switchyard.Tests.Auto;

/// <summary>What is used at the beginning of an account where something is known of strategies already.</summary>
public sealed class KnownStrategyTests
{
    private const int Far = 1, Near = 2;

    private readonly int[] _lag = new int[3];
    private readonly ArmChooser _chooser;

    public KnownStrategyTests() => _chooser = new ArmChooser(["plain", "far", "near"], new AutoOptions()) { LagOf = arm => _lag[arm] };

    [Fact]
    public void What_pays_as_a_rule_is_used_where_what_was_in_use_cannot_be_borne()
    {
        for (int account = 0; account < 4; account++) Run(200, far: 1, near: 2);
        for (int account = 0; account < 20; account++) Run(200, far: 4, near: 2);
        Assert.Equal(Far, _chooser.InUse);
        _chooser.PrimeReading(Far, 100, 10);
        _lag[Far] = 300; // thirty plain steps: more than an account may lose
        Assert.Equal([0, 0, Near], Run(3, far: 4, near: 2));
        Assert.False(_chooser.BeginsProbe);
        Assert.Equal(Near, _chooser.InUse);
    }

    [Fact]
    public void What_pays_as_a_rule_is_used_again_without_a_probe()
    {
        for (int account = 0; account < 4; account++) Run(200, far: 4, near: 1);
        _chooser.Unavailable(Far, 1);
        Assert.Equal(0, _chooser.InUse);
        Assert.Equal([0, 0, Far], Run(3, far: 4, near: 1));
        Assert.False(_chooser.BeginsProbe);
    }

    [Fact]
    public void What_the_text_suggests_is_probed_and_so_left_again_with_its_reason()
    {
        for (int account = 0; account < 4; account++) Run(200, far: 4, near: 1);
        _chooser.Unavailable(Far, 1);
        _chooser.Begin();
        for (int step = 0; step < 3; step++)
        {
            _chooser.Suggest(Far, 1, pays: true);
            int arm = _chooser.Choose(1, step);
            Assert.Equal(step == 2, _chooser.BeginsProbe);
            _chooser.Report(arm, 1, arm == 0 ? 1 : 1.3, arm == 0 ? 1 : 4, read: 0);
        }
    }

    [Fact]
    public void What_cannot_be_saved_for_in_this_account_keeps_nobody_else_from_being_tried()
    {
        for (int account = 0; account < 4; account++) Run(200, far: 4, near: 0);
        _chooser.PrimeReading(Far, 100, 10);
        _lag[Far] = 300;
        Assert.Contains(Near, Run(600, far: 4, near: 1));
    }

    /// <summary>One account: what was chosen, step by step.</summary>
    /// <param name="tokens">Its length.</param>
    /// <param name="far">Tokens of a step of the one.</param>
    /// <param name="near">Tokens of a step of the other; 0 if it has no room.</param>
    private List<int> Run(int tokens, int far, int near)
    {
        _chooser.Begin();
        var chosen = new List<int>();
        for (int done = 0; done < tokens;)
        {
            int arm = _chooser.Choose(1, done);
            if (arm == Near && near == 0)
            {
                _chooser.Unavailable(Near, 1);
                arm = 0;
            }
            int emitted = arm == Far ? far : arm == Near ? near : 1;
            _chooser.Report(arm, 1, arm == 0 ? 1 : 1.3, emitted, read: 0);
            chosen.Add(arm);
            done += emitted;
        }
        return chosen;
    }
}
