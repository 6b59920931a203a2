namespace Switchyard.Model.Text;

/// <summary>How the pre-tokenizer names of GGUF files split text, and what else they imply.</summary>
/// <param name="Patterns">Applied in order; every match is a piece of its own.</param>
/// <param name="IgnoresMerges">A piece that is a token needs no merges.</param>
/// <param name="AddsBos">Texts begin with BOS unless the file says otherwise.</param>
internal sealed record GgufSplits(IReadOnlyList<string> Patterns, bool IgnoresMerges = false, bool AddsBos = false)
{
    private const string Contractions = "(?:'[sS]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD])";
    private const string SpaceTail = @"|\s*[\r\n]+|\s+(?!\S)|\s+";
    private const string Gpt2 = @"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)";
    private const string Llama3 = Contractions + @"|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*" + SpaceTail;
    private const string Qwen2 = Contractions + @"|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*" + SpaceTail;
    private const string Qwen35 = Contractions + @"|[^\r\n\p{L}\p{N}]?[\p{L}\p{M}]+|\p{N}| ?[^\s\p{L}\p{M}\p{N}]+[\r\n]*" + SpaceTail;
    private const string CaseWords =
        @"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+@|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*@";
    private const string DeepSeek3Words =
        @"[!""#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[\r\n]*" + SpaceTail;

    /// <summary>The letters with case that DeepSeek LLM lists: Latin, Greek, Cyrillic, Armenian, Georgian, Cherokee, Coptic, Deseret, Osage and others.</summary>
    private const string CasedLetters =
        @"A-Za-z\x{B5}\x{C0}-\x{D6}\x{D8}-\x{F6}\x{F8}-\x{1BA}\x{1BC}-\x{1BF}\x{1C4}-\x{293}\x{295}-\x{2AF}\x{370}-\x{373}\x{376}"
        + @"\x{377}\x{37B}-\x{37D}\x{37F}\x{386}\x{388}-\x{38A}\x{38C}\x{38E}-\x{3A1}\x{3A3}-\x{3F5}\x{3F7}-\x{481}\x{48A}-\x{52F}"
        + @"\x{531}-\x{556}\x{10A0}-\x{10C5}\x{13A0}-\x{13F5}\x{13F8}-\x{13FD}\x{1C90}-\x{1CBA}\x{1CBD}-\x{1CBF}\x{1D00}-\x{1D2B}"
        + @"\x{1D6B}-\x{1D77}\x{1D79}-\x{1D9A}\x{1E00}-\x{1F15}\x{1F18}-\x{1F1D}\x{1F20}-\x{1F45}\x{1F48}-\x{1F4D}\x{1F50}-\x{1F57}"
        + @"\x{1F59}\x{1F5B}\x{1F5D}\x{1F5F}-\x{1F7D}\x{1F80}-\x{1FB4}\x{1FB6}-\x{1FBC}\x{1FBE}\x{1FC2}-\x{1FC4}\x{1FC6}-\x{1FCC}"
        + @"\x{1FD0}-\x{1FD3}\x{1FD6}-\x{1FDB}\x{1FE0}-\x{1FEC}\x{1FF2}-\x{1FF4}\x{1FF6}-\x{1FFC}\x{2102}\x{2107}\x{210A}-\x{2113}"
        + @"\x{2115}\x{2119}-\x{211D}\x{2124}\x{2126}\x{2128}\x{212A}-\x{212D}\x{212F}-\x{2134}\x{2139}\x{213C}-\x{213F}"
        + @"\x{2145}-\x{2149}\x{214E}\x{2183}\x{2184}\x{2C00}-\x{2C7B}\x{2C7E}-\x{2CE4}\x{2CEB}-\x{2CEE}\x{2CF2}\x{2CF3}"
        + @"\x{A640}-\x{A66D}\x{A680}-\x{A69B}\x{A722}-\x{A76F}\x{A771}-\x{A787}\x{A78B}-\x{A78E}\x{AB70}-\x{ABBF}\x{FB00}-\x{FB06}"
        + @"\x{FB13}-\x{FB17}\x{FF21}-\x{FF3A}\x{FF41}-\x{FF5A}\x{10400}-\x{1044F}\x{104B0}-\x{104D3}\x{104D8}-\x{104FB}"
        + @"\x{10C80}-\x{10CB2}\x{10CC0}-\x{10CF2}\x{118A0}-\x{118DF}\x{1E900}-\x{1E943}";

    private const string Bloom = @" ?[^(\s|.,!?\x{2026}\x{3002}\x{FF0C}\x{3001}\x{964}\x{6D4}\x{60C})]+";
    private const string Cjk = @"[\x{800}-\x{9FA5}\x{AC00}-\x{D7FF}]+";
    private const string Kana = @"[\x{4E00}-\x{9FA5}\x{3040}-\x{30FF}]+";

    /// <summary>The names, for messages.</summary>
    public static IEnumerable<string> Names => Groups().SelectMany(group => group.Names).Order(StringComparer.Ordinal);

    /// <summary>Looks a name up; null when unknown.</summary>
    public static GgufSplits? Find(string name)
    {
        foreach ((string[] names, GgufSplits splits) in Groups())
            if (names.Contains(name))
                return splits;
        return null;
    }

    private static IEnumerable<(string[] Names, GgufSplits Splits)> Groups() =>
    [
        (["default"], new([@"[\p{P}$+<=>^~|]+", Gpt2, @"\p{N}+", "[0-9][0-9][0-9]"])),
        (["gpt-2", "phi-2", "mpt", "olmo", "jais", "trillion", "granite-docling", "gigachat", "a.x-4.0", "mellum", "exaone4"], new([Gpt2])),
        (["starcoder", "refact", "command-r", "smollm", "codeshell", "exaone", "minerva-7b", "mellum2"], new([@"\p{N}", Gpt2])),
        (["falcon"], new([@"[\p{P}$+<=>^~|`]+", Gpt2, "[0-9][0-9][0-9]"])),
        (["llama-bpe", "llama3", "llama-v3", "falcon3", "falcon-h1", "pixtral", "midm-2.0", "lfm2"], new([Llama3], IgnoresMerges: true, AddsBos: true)),
        (["dbrx", "smaug-bpe", "glm4", "chatglm-bpe"], new([Llama3])),
        (["qwen2", "deepseek-r1-qwen", "stablelm2", "hunyuan", "megrez", "grok-2", "solar-open", "kormo"], new([Qwen2])),
        (["qwen35"], new([Qwen35])),
        (["deepseek-llm"], new([@"[\r\n]", @"\s?[" + CasedLetters + "]+", @"\s?[!-/:-~\x{FF01}-\x{FF0F}\x{FF1A}-\x{FF5E}\x{2018}-\x{201F}\x{3000}-\x{3002}]+", @"\s+$", Cjk, @"\p{N}+"])),
        (["deepseek-coder"], new([@"[\r\n]", @"\s?\p{L}+", @"\s?\p{P}+", Cjk, @"\p{N}"])),
        (["deepseek-v3", "hunyuan-dense", "joyai-llm"], new([@"\p{N}{1,3}", Kana, DeepSeek3Words])),
        (["tekken"], new([CaseWords.Replace("@", "", StringComparison.Ordinal) + @"|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*" + SpaceTail], IgnoresMerges: true, AddsBos: true)),
        (["gpt-4o", "llama4", "kanana2", "minimax-m2"], new([CaseWords.Replace("@", Contractions + "?", StringComparison.Ordinal) + @"|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*" + SpaceTail])),
        (["bloom", "poro-chat", "gpt3-finnish"], new([Bloom])),
        (["viking"], new([Bloom, @"\p{N}"])),
        (["bailingmoe", "bailingmoe2", "llada-moe"], new([@"'(?:[sSdDmMtT]|[lL][lL]|[vV][eE]|[rR][eE])|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]|\s+(?!\S)|\s+"])),
        (["seed-coder"], new([Contractions + @"|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1}| ?[^\s\p{L}\p{N}\r\n]+" + SpaceTail])),
        (["superbpe"], new([@"\p{N}+", @"(?=(\d{3})+(?!\d))"])),
    ];
}
