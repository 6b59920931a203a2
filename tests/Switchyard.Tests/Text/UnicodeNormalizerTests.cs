using FsCheck;
using FsCheck.Fluent;
using Switchyard.Model.Text;
using Switchyard.Tests.Files;
using Xunit;

namespace Switchyard.Tests.Text;

/// <summary>Normalization forms by lines in the manner of Unicode's NormalizationTest.txt, and by their laws.</summary>
public sealed class UnicodeNormalizerTests
{
    private static readonly int[] Interesting =
    [
        'a', 'e', ' ', 0xE9, 0x1E0A, 0x323, 0x307, 0x301, 0x345, 0x3B1, 0x1100, 0x1161, 0x11A8, 0xAC00, 0xAC01, 0xD7A3, 0x212B, 0x2126, 0xFB01, 0x958, 0x93C, 0x915,
        0x9BE, 0x9C7, 0x1D15E, 0x1D165, 0x1D157, 0x2F800, 0x110BA, 0x1109A, 0x16121, 0x1611E, 0x1611F, 0x3099, 0x304B, 0x4E00, 0x1F999,
    ];

    [Theory]
    [InlineData("1E0A", "1E0A", "0044 0307", "1E0A", "0044 0307")]
    [InlineData("1E0C 0307", "1E0C 0307", "0044 0323 0307", "1E0C 0307", "0044 0323 0307")]
    [InlineData("0044 0307 0323", "1E0C 0307", "0044 0323 0307", "1E0C 0307", "0044 0323 0307")]
    [InlineData("212B", "00C5", "0041 030A", "00C5", "0041 030A")]
    [InlineData("FB01", "FB01", "FB01", "0066 0069", "0066 0069")]
    [InlineData("0958", "0915 093C", "0915 093C", "0915 093C", "0915 093C")]
    [InlineData("AC01", "AC01", "1100 1161 11A8", "AC01", "1100 1161 11A8")]
    [InlineData("1100 1161 11A8", "AC01", "1100 1161 11A8", "AC01", "1100 1161 11A8")]
    [InlineData("09C7 09BE", "09CB", "09C7 09BE", "09CB", "09C7 09BE")]
    [InlineData("1D15E", "1D157 1D165", "1D157 1D165", "1D157 1D165", "1D157 1D165")]
    [InlineData("FF21 337F", "FF21 337F", "FF21 337F", "0041 682A 5F0F 4F1A 793E", "0041 682A 5F0F 4F1A 793E")]
    [InlineData("0061 0315 0300 05AE 0300 0062", "00E0 05AE 0300 0315 0062", "0061 05AE 0300 0300 0315 0062", "00E0 05AE 0300 0315 0062", "0061 05AE 0300 0300 0315 0062")]
    [InlineData("304B 3099", "304C", "304B 3099", "304C", "304B 3099")]
    [InlineData("1109B 110BA", "1109C", "1109B 110BA", "1109C", "1109B 110BA")]
    public void Forms_are_those_of_the_standard(string source, string nfc, string nfd, string nfkc, string nfkd)
    {
        string text = Parse(source);
        Assert.Equal((Parse(nfc), Parse(nfd), Parse(nfkc), Parse(nfkd)), (Form(text, true, false), Form(text, false, false), Form(text, true, true), Form(text, false, true)));
    }

    [Fact]
    public void Forms_obey_their_laws() => Check.One(
        Config.QuickThrowOnFailure.WithMaxTest(Hostile.Cases(1000)).WithReplay(20261122, 5),
        Prop.ForAll(Gen.Elements(Interesting).ArrayOf().ToArbitrary(), codePoints =>
        {
            string text = string.Concat(codePoints.Select(char.ConvertFromUtf32));
            string c = Form(text, true, false), d = Form(text, false, false), kc = Form(text, true, true), kd = Form(text, false, true);
            return Form(c, true, false) == c && Form(d, false, false) == d && Form(d, true, false) == c && Form(c, false, false) == d
                && Form(c, true, true) == kc && Form(kc, false, true) == kd && Form(kd, true, true) == kc;
        }));

    private static string Form(string text, bool compose, bool compatibility) => UnicodeNormalizer.Instance.Normalize(text, compose, compatibility);

    private static string Parse(string codePoints) => string.Concat(codePoints.Split(' ').Select(hex => char.ConvertFromUtf32(Convert.ToInt32(hex, 16))));
}
