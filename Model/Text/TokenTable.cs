using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Switchyard.Model.Text;

/// <summary>Every id's spelling, bytes and special flag. Immutable.</summary>
internal sealed class TokenTable
{
    private readonly string?[] _strings;
    private readonly bool[] _special;
    private readonly byte[] _bytes;
    private readonly int[] _starts;
    private readonly Lazy<string> _fingerprint;

    /// <summary>Fills the table.</summary>
    /// <param name="strings">Each id's spelling; null where it has no token.</param>
    /// <param name="special">Each id's flag.</param>
    /// <param name="rules">How spellings become bytes.</param>
    public TokenTable(string?[] strings, bool[] special, DecodingRules rules)
    {
        (_strings, _special) = (strings, special);
        _starts = new int[strings.Length + 1];
        var bytes = new MemoryStream();
        for (int id = 0; id < strings.Length; id++)
        {
            if (strings[id] is string token) bytes.Write(rules.BytesOf(token, isFirst: false));
            _starts[id + 1] = checked((int)bytes.Length);
        }
        _bytes = bytes.ToArray();
        _fingerprint = new Lazy<string>(ComputeFingerprint);
    }

    /// <summary>How many ids there are.</summary>
    public int Count => _strings.Length;

    /// <summary>Digest of bytes and flags.</summary>
    public string Fingerprint => _fingerprint.Value;

    /// <summary>A token's bytes inside a text.</summary>
    public ReadOnlySpan<byte> Bytes(int id) => _bytes.AsSpan(_starts[Check(id)].._starts[id + 1]);

    /// <summary>A token's spelling.</summary>
    public string? String(int id) => _strings[Check(id)];

    /// <summary>A token's flag.</summary>
    public bool IsSpecial(int id) => _special[Check(id)];

    private int Check(int id)
    {
        if ((uint)id >= (uint)_strings.Length)
            throw new ArgumentOutOfRangeException(nameof(id), id, $"The vocabulary has ids 0 to {_strings.Length - 1}.");
        return id;
    }

    private string ComputeFingerprint()
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Span<byte> header = stackalloc byte[5];
        for (int id = 0; id < Count; id++)
        {
            ReadOnlySpan<byte> bytes = Bytes(id);
            BinaryPrimitives.WriteInt32LittleEndian(header, bytes.Length);
            header[4] = (byte)(_strings[id] is null ? 2 : _special[id] ? 1 : 0);
            hash.AppendData(header);
            hash.AppendData(bytes);
        }
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}
