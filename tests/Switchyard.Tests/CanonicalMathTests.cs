using Switchyard.Tensor;
using Xunit;

namespace Switchyard.Tests;

public class CanonicalMathTests
{
    [Fact]
    public void Exp_is_within_two_ulp()
    {
        Assert.Equal(1f, CanonicalMath.Exp(0f));
        Assert.Equal(0f, CanonicalMath.Exp(-100f));
        Assert.True(float.IsNaN(CanonicalMath.Exp(float.NaN)));
        for (float x = -87; x < 88; x += 0.01f)
        {
            float got = CanonicalMath.Exp(x), want = (float)Math.Exp(x);
            Assert.True(Math.Abs(got - want) <= 2 * (MathF.BitIncrement(want) - want), $"exp({x}) = {got}, want {want}");
        }
    }

    [Fact]
    public void Double_functions_agree_with_the_platform()
    {
        for (int i = 1; i < 20000; i++)
        {
            double x = i * 0.37;
            Assert.Equal(Math.Log(x), CanonicalMath.Log(x), 1e-14);
            (double sin, double cos) = CanonicalMath.SinCos(x * 16);
            Assert.Equal(Math.Sin(x * 16), sin, 1e-13);
            Assert.Equal(Math.Cos(x * 16), cos, 1e-13);
            double y = (i - 10000) * 0.03;
            Assert.True(Math.Abs(CanonicalMath.Exp(y) / Math.Exp(y) - 1) < 1e-13);
        }
    }
}
