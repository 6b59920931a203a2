using System.Globalization;
using System.Text;

namespace Switchyard.Model.Text;

/// <summary>A set of code points, as a character class describes it. Build it on one thread; ask it from any.</summary>
/// <remarks>Answers for the basic plane are kept as bit pages of 256 code points, made when first asked for.</remarks>
internal sealed class CodePointSet
{
    private readonly List<(int First, int Last)> _ranges = [];
    private readonly List<CodePointSet> _parts = [];
    private readonly List<CodePointSet> _also = [];
    private uint _categories;
    private ulong[]?[]? _pages;

    /// <summary>Everything outside instead of everything inside.</summary>
    public bool IsNegated { get; set; }

    /// <summary>A code point belongs when any of its case variants does.</summary>
    public bool IgnoresCase { get; init; }

    /// <summary>One code point.</summary>
    public static CodePointSet Of(int codePoint, bool ignoreCase = false)
    {
        var set = new CodePointSet { IgnoresCase = ignoreCase };
        set.Add(codePoint, codePoint);
        return set;
    }

    /// <summary>Adds first to last, both included.</summary>
    public void Add(int first, int last) => _ranges.Add((first, last));

    /// <summary>Adds the code points of general categories, one bit a category.</summary>
    public void AddCategories(uint mask) => _categories |= mask;

    /// <summary>Adds another set.</summary>
    public void Add(CodePointSet part) => _parts.Add(part);

    /// <summary>Keeps only what is in another set too.</summary>
    public void IntersectWith(CodePointSet other) => _also.Add(other);

    /// <summary>Whether a code point belongs.</summary>
    public bool Contains(int codePoint)
    {
        if (codePoint >= 0x10000) return Evaluate(codePoint);
        ulong[]?[] pages = _pages ??= new ulong[]?[256];
        ulong[] page = Volatile.Read(ref pages[codePoint >> 8]) ?? MakePage(pages, codePoint >> 8);
        return ((page[(codePoint >> 6) & 3] >> (codePoint & 63)) & 1) != 0;
    }

    /// <summary>The members below 128 as two words of bits.</summary>
    public (ulong Low, ulong High) AsciiBits()
    {
        Contains(0);
        ulong[] page = _pages![0]!;
        return (page[0], page[1]);
    }

    private ulong[] MakePage(ulong[]?[] pages, int index)
    {
        var page = new ulong[4];
        for (int i = 0; i < 256; i++)
            if (Evaluate((index << 8) + i))
                page[i >> 6] |= 1UL << (i & 63);
        Volatile.Write(ref pages[index], page);
        return page;
    }

    private bool Evaluate(int codePoint)
    {
        bool inside = Holds(codePoint) || (IgnoresCase && HoldsVariant(codePoint));
        foreach (CodePointSet other in _also) inside = inside && other.Contains(codePoint);
        return inside != IsNegated;
    }

    private bool Holds(int codePoint)
    {
        if (_categories != 0 && ((_categories >> (int)CharUnicodeInfo.GetUnicodeCategory(codePoint)) & 1) != 0) return true;
        foreach ((int first, int last) in _ranges)
            if (codePoint >= first && codePoint <= last)
                return true;
        foreach (CodePointSet part in _parts)
            if (part.Contains(codePoint))
                return true;
        return false;
    }

    private bool HoldsVariant(int codePoint)
    {
        if (!Rune.IsValid(codePoint)) return false;
        var rune = new Rune(codePoint);
        Rune upper = Rune.ToUpperInvariant(rune);
        if (Holds(Rune.ToLowerInvariant(rune).Value) || Holds(upper.Value) || Holds(Rune.ToLowerInvariant(upper).Value)) return true;

        // Case pairs that cross between ASCII and other blocks; the invariant mapping leaves them out.
        return codePoint switch
        {
            's' or 'S' => Holds(0x17F),
            0x17F => Holds('s') || Holds('S'),
            'k' or 'K' => Holds(0x212A),
            0x212A => Holds('k') || Holds('K'),
            0xE5 or 0xC5 => Holds(0x212B),
            0x212B => Holds(0xE5) || Holds(0xC5),
            0x3C3 or 0x3A3 => Holds(0x3C2),
            0x3C2 => Holds(0x3C3) || Holds(0x3A3),
            _ => false,
        };
    }
}
