using Switchyard.Model.Text;
using Xunit;

namespace Switchyard.Tests.Text;

public sealed class TextSeparatorTests
{
    [Theory]
    [InlineData("one text\n", "one text\n")]
    [InlineData("", "")]
    [InlineData("a\n__ggml_vocab_test__\nb", "a|b")]
    [InlineData("a\n__ggml_vocab_test__\n\n__ggml_vocab_test__\n\n\n__ggml_vocab_test__\n", "a||\n")]
    [InlineData("a\n__ggml_vocab_test__", "a")]
    [InlineData("__ggml_vocab_test__\nb __ggml_vocab_test__", "|b __ggml_vocab_test__")]
    public void Texts_lie_between_separator_lines(string content, string texts) => Assert.Equal(texts.Split('|'), TextSeparator.Split(content));
}
