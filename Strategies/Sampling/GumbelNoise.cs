using System.Numerics;
using System.Runtime.CompilerServices;
using Switchyard.Tensor;

namespace Switchyard.Strategies.Sampling;

/// <summary>
/// Standard Gumbel noise as a pure function of (seed, position, token): integer hashing and a logarithm of our own, so that
/// every machine draws the same (drafter-invariant speculative decoding, arXiv:2408.07978).
/// </summary>
public static class GumbelNoise
{
    /// <summary>The noise of <paramref name="token"/>, an id of the target's vocabulary, at <paramref name="position"/> of its sequence.</summary>
    public static double At(ulong seed, int position, int token) => Exact(new NoiseKey(seed, position), (uint)token);

    /// <summary>−ln(−ln(1 − v)) for a 53-bit uniform v in (0, 1); large noise comes from small v, where v has the most digits.</summary>
    internal static double Exact(in NoiseKey key, uint token)
    {
        ulong bits = ((ulong)High(key, token) << 32) | Low(key, token);
        double v = ((bits >> 11) + 0.5) * (1.0 / (1UL << 53));
        double exponential = v < 1.0 / 256
            ? v * (1 + v * (1.0 / 2 + v * (1.0 / 3 + v * (1.0 / 4 + v * (1.0 / 5 + v * (1.0 / 6 + v * (1.0 / 7)))))))
            : -CanonicalMath.Log(1 - v);
        return -CanonicalMath.Log(exponential);
    }

    /// <summary>
    /// At least the noise of every lane's token, and at most 0.06 above −ln v: from the upper half of the hash alone, without a logarithm.
    /// </summary>
    /// <remarks>
    /// −ln(1 − v) ≥ v, so the noise is at most −ln v. The bits of a float read as an integer are a piecewise linear log₂ that
    /// never exceeds the true one; the 24 leading bits of the hash are a lower bound of v that converts exactly.
    /// </remarks>
    /// <param name="key">Seed and position.</param>
    /// <param name="tokens">Token ids, one per lane.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector<float> UpperBound(in NoiseKey key, Vector<uint> tokens)
    {
        Vector<uint> high = Mix(Mix(tokens ^ new Vector<uint>(key.A)) + new Vector<uint>(key.B));
        Vector<float> v = Vector.ConvertToSingle(Vector.AsVectorInt32(high >> 8)) * (1f / (1 << 24));
        Vector<int> log2 = new Vector<int>(127 << 23) - Vector.AsVectorInt32(v);
        return Vector.ConvertToSingle(log2) * (0.6931472f / (1 << 23));
    }

    private static uint High(in NoiseKey key, uint token) => Mix(Mix(token ^ key.A) + key.B);

    private static uint Low(in NoiseKey key, uint token) => Mix(Mix(token ^ key.C) + key.D);

    private static uint Mix(uint x)
    {
        x = (x ^ (x >> 16)) * 0x7feb352d;
        x = (x ^ (x >> 15)) * 0x846ca68b;
        return x ^ (x >> 16);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector<uint> Mix(Vector<uint> x)
    {
        x = (x ^ (x >> 16)) * new Vector<uint>(0x7feb352d);
        x = (x ^ (x >> 15)) * new Vector<uint>(0x846ca68b);
        return x ^ (x >> 16);
    }
}
