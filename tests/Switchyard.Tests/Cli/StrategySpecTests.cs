using FsCheck;
using FsCheck.Fluent;
using Xunit;

namespace Switchyard.Tests.Cli;

public class StrategySpecTests
{
    [Theory]
    [InlineData("plain")]
    [InlineData("lookup:length=8")]
    [InlineData("cast:self")]
    [InlineData("chain:draft=C:\\models\\tiny,length=4")]
    [InlineData("chain:draft=\"a, b \"\"c\"\"\",length=4")]
    [InlineData("specrouter:models=A+B,tree=cast")]
    [InlineData("drex:confidence=0.6,tbt=50ms,stays=paper")]
    public void A_spelling_reads_back_as_written(string text) => Assert.Equal(text, StrategySpec.Parse(text).ToString());

    [Fact]
    public void Values_are_read_without_quotes_and_lists_split_outside_them()
    {
        StrategySpec spec = StrategySpec.Parse("specrouter:models=\"a+b, c\"+d,path=\"x=\"\"y\"\"\",sum=1e+3");
        Assert.Equal(["a+b, c", "d"], spec.List("models"));
        Assert.Equal("x=\"y\"", spec.Text("path"));
        Assert.Equal(1000, spec.Number("sum", 0, 0, 1e6));
        Assert.Equal(["models", "path", "sum"], spec.Keys);
        Assert.Null(spec.Text("other"));
        Assert.Empty(spec.List("other"));
    }

    [Fact]
    public void Typed_values_keep_to_their_limits()
    {
        StrategySpec spec = StrategySpec.Parse("drex:length=4,confidence=0.6,tbt=50ms,self,tree=false");
        Assert.Equal(4, spec.Int("length", 1, 1, 8));
        Assert.Equal(9, spec.Int("other", 9, 1, 8));
        Assert.Equal(0.6, spec.Number("confidence", 0, 0, 1));
        Assert.Equal(TimeSpan.FromMilliseconds(50), spec.Time("tbt", default));
        Assert.True(spec.Flag("self"));
        Assert.False(spec.Flag("tree", otherwise: true));
        Assert.Contains("from 1 to 3", Assert.Throws<StrategySpecException>(() => spec.Int("length", 1, 1, 3)).Message, StringComparison.Ordinal);
        Assert.Contains("true or false", Assert.Throws<StrategySpecException>(() => spec.Flag("length")).Message, StringComparison.Ordinal);
        Assert.Contains("50ms, 2s", Assert.Throws<StrategySpecException>(() => spec.Time("length", default)).Message, StringComparison.Ordinal);
        string unknown = Assert.Throws<StrategySpecException>(() => spec.AllowOnly("length", "confidence")).Message;
        Assert.Contains("'tbt'", unknown, StringComparison.Ordinal);
        Assert.Contains("length, confidence", unknown, StringComparison.Ordinal);
        Assert.Contains("needs draft", Assert.Throws<StrategySpecException>(() => spec.Required("draft", "the draft model's path")).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData(":a=1")]
    [InlineData("na me")]
    [InlineData("cast:")]
    [InlineData("cast:a=1,")]
    [InlineData("cast:a=")]
    [InlineData("cast:a=1,a=2")]
    [InlineData("cast:a=\"open")]
    [InlineData("cast:=1")]
    [InlineData("cast:a b=1")]
    public void What_cannot_be_read_is_an_error_that_shows_how_to_write_it(string text)
    {
        string message = Assert.Throws<StrategySpecException>(() => StrategySpec.Parse(text)).Message;
        Assert.Contains("name:key=value", message, StringComparison.Ordinal);
    }

    [Fact]
    public void Any_values_survive_quoting() => Prop.ForAll<NonNull<string>[]>(values =>
    {
        string spelt = string.Join('+', values.Select(v => "\"" + v.Get.Replace("\"", "\"\"", StringComparison.Ordinal) + "\""));
        if (values.Length == 0) return true;
        StrategySpec spec = StrategySpec.Parse("x:list=" + spelt);
        return spec.List("list").SequenceEqual(values.Select(v => v.Get)) && StrategySpec.Parse(spec.ToString()).Equals(spec);
    }).QuickCheckThrowOnFailure();

    [Fact]
    public void Any_text_is_read_or_refused() => Prop.ForAll<NonNull<string>>(text =>
    {
        try
        {
            StrategySpec spec = StrategySpec.Parse("x:" + text.Get);
            return StrategySpec.Parse(spec.ToString()).Equals(spec);
        }
        catch (StrategySpecException)
        {
            return true;
        }
    }).QuickCheckThrowOnFailure();

    [Theory]
    [InlineData("250us", 0.25)]
    [InlineData("50ms", 50)]
    [InlineData("1.5s", 1500)]
    [InlineData("2min", 120000)]
    public void Times_have_units(string text, double milliseconds)
    {
        Assert.True(Durations.TryParse(text, out TimeSpan time));
        Assert.Equal(milliseconds, time.TotalMilliseconds);
    }

    [Theory]
    [InlineData("5")]
    [InlineData("-5ms")]
    [InlineData("0s")]
    [InlineData("ms")]
    [InlineData("1e9s")]
    [InlineData("NaNs")]
    public void Times_without_unit_or_sense_are_refused(string text) => Assert.False(Durations.TryParse(text, out _));
}
