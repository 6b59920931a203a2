using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Switchyard.Tensor;

/// <summary>
/// The functions whose bits every backend must reproduce, in plain IEEE operations: platform libraries round
/// differently from machine to machine. Vector kernels evaluate the same operations in the same order per lane.
/// </summary>
public static class CanonicalMath
{
    /// <summary>Partial sums of a row: element i belongs to lane i mod 16.</summary>
    public const int Lanes = 16;

    /// <summary>Below this, <see cref="Exp(float)"/> is exactly 0.</summary>
    public const float ExpUnderflow = -87.33654f;

    /// <summary>Above this, <see cref="Exp(float)"/> is +∞.</summary>
    public const float ExpOverflow = 88.37626f;

    /// <summary>1 / ln 2, rounded.</summary>
    public const float Log2E = 1.44269504f;

    /// <summary>1.5 · 2²³: adding and subtracting it rounds to the nearest integer.</summary>
    public const float RoundingMagic = 12582912f;

    /// <summary>The leading bits of ln 2.</summary>
    public const float Ln2High = 0.693359375f;

    /// <summary>ln 2 − <see cref="Ln2High"/>.</summary>
    public const float Ln2Low = -2.12194440e-4f;

    /// <summary>Coefficients of r², r³ … r⁷ in e^r, highest first (Cephes expf).</summary>
    public static ReadOnlySpan<float> ExpCoefficients => [1.9875691500e-4f, 1.3981999507e-3f, 8.3334519073e-3f, 4.1665795894e-2f, 1.6666665459e-1f, 5.0000001201e-1f];

    /// <summary>e^x within 2 ulp; exactly 1 at 0, exactly 0 below <see cref="ExpUnderflow"/>; NaN stays NaN.</summary>
    public static float Exp(float x)
    {
        if (x < ExpUnderflow) return 0f;
        if (x > ExpOverflow) return float.PositiveInfinity;
        float n = MathF.FusedMultiplyAdd(x, Log2E, RoundingMagic) - RoundingMagic;
        float r = MathF.FusedMultiplyAdd(n, -Ln2High, x);
        r = MathF.FusedMultiplyAdd(n, -Ln2Low, r);
        float p = ExpCoefficients[0];
        for (int i = 1; i < ExpCoefficients.Length; i++) p = MathF.FusedMultiplyAdd(p, r, ExpCoefficients[i]);
        p = MathF.FusedMultiplyAdd(p, r * r, r) + 1f;
        int exponent = float.IsNaN(n) ? 0 : (int)n;
        return p * BitConverter.Int32BitsToSingle((exponent + 127) << 23);
    }

    /// <summary>x / (1 + e^−x).</summary>
    public static float Silu(float x) => x / (1f + Exp(-x));

    /// <summary>The sum of sixteen partial sums by a fixed tree: lane i + lane i+8, then +4, +2, +1.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static float SumLanes(ReadOnlySpan<float> lanes)
    {
        Vector256<float> eight = Vector256.Create(lanes) + Vector256.Create(lanes[8..]);
        Vector128<float> four = eight.GetLower() + eight.GetUpper();
        Vector128<float> two = four + Vector128.Shuffle(four, Vector128.Create(2, 3, 0, 1));
        return two.GetElement(0) + two.GetElement(1);
    }

    /// <summary>Natural logarithm of a positive normal number, within 2 ulp.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static double Log(double x)
    {
        if (!(x > 0) || double.IsInfinity(x)) return x == 0 ? double.NegativeInfinity : x > 0 ? x : double.NaN;
        long bits = BitConverter.DoubleToInt64Bits(x);
        int exponent = (int)(bits >> 52) - 1023;
        double m = BitConverter.Int64BitsToDouble((bits & 0x000FFFFFFFFFFFFF) | 0x3FF0000000000000); // [1, 2)
        if (m > 1.4142135623730951) (m, exponent) = (m * 0.5, exponent + 1);
        double s = (m - 1) / (m + 1), z = s * s, sum = 0;
        for (int k = 23; k >= 3; k -= 2) sum = (sum + 1.0 / k) * z;
        return exponent * 0.6931471805599453 + (2 * s + 2 * s * sum);
    }

    /// <summary>e^x of a number whose result is normal, within 2 ulp.</summary>
    public static double Exp(double x)
    {
        if (x < -708) return 0;
        if (x > 709) return double.PositiveInfinity;
        double n = Math.Round(x * 1.4426950408889634);
        double r = x - n * 0.693147180369123816490 - n * 1.90821492927058770002e-10, sum = 1;
        for (int k = 14; k >= 1; k--) sum = 1 + sum * r / k;
        return double.IsNaN(n) ? n : sum * BitConverter.Int64BitsToDouble(((long)n + 1023) << 52);
    }

    /// <summary>base^exponent of a positive base.</summary>
    public static double Pow(double @base, double exponent) => Exp(exponent * Log(@base));

    /// <summary>Sine and cosine of an angle up to 2²⁰ in magnitude, within 1e-15 absolute.</summary>
    public static (double Sin, double Cos) SinCos(double angle)
    {
        const double HalfPiHigh = 1.57079632673412561417, HalfPiLow = 6.07710050650619224932e-11; // 33 bits, then the rest
        double n = Math.Round(angle * 0.63661977236758134);
        double r = angle - n * HalfPiHigh - n * HalfPiLow, z = r * r, sin = 0, cos = 0;
        for (int k = 17; k >= 3; k -= 2) sin = (1 - sin) * z / (k * (k - 1));
        for (int k = 18; k >= 2; k -= 2) cos = (1 - cos) * z / (k * (k - 1));
        (sin, cos) = (r * (1 - sin), 1 - cos);
        return ((long)n & 3) switch
        {
            0 => (sin, cos),
            1 => (cos, -sin),
            2 => (-sin, -cos),
            _ => (-cos, sin),
        };
    }
}
