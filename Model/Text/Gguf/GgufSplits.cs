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
        "A-Za-zµÀ-ÖØ-öø-ƺƼ-ƿǄ-ʓʕ-ʯͰ-ͳͶͷͻ-ͽͿΆΈ-ΊΌΎ-ΡΣ-ϵϷ-ҁҊ-ԯԱ-ՖႠ-ჅᎠ-Ᏽᏸ-ᏽᲐ-ᲺᲽ-Ჿᴀ-ᴫᵫ-ᵷᵹ-ᶚḀ-ἕἘ-Ἕἠ-ὅὈ-Ὅὐ-ὗὙὛὝὟ-ώᾀ-ᾴᾶ-ᾼιῂ-ῄῆ-ῌῐ-ΐῖ-Ίῠ-Ῥῲ-ῴῶ-ῼℂℇℊ-ℓℕℙ-ℝℤΩℨK-ℭℯ-ℴℹℼ-ℿⅅ-ⅉⅎↃↄ"
        + "Ⰰ-ⱻⱾ-ⳤⳫ-ⳮⳲⳳꙀ-ꙭꚀ-ꚛꜢ-ꝯꝱ-ꞇꞋ-ꞎꭰ-ꮿﬀ-ﬆﬓ-ﬗＡ-Ｚａ-ｚ𐐀-𐑏𐒰-𐓓𐓘-𐓻𐲀-𐲲𐳀-𐳲𑢠-𑣟𞤀-𞥃";

    private const string Cjk = @"[一-龥ࠀ-一가-\x{D7FF}]+";
    private const string Kana = "[一-龥\u3040-ゟ゠-ヿ]+";

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
        (["deepseek-llm"], new([@"[\r\n]", @"\s?[" + CasedLetters + "]+", @"\s?[!-/:-~！-／：-～‘-‟\x{3000}-。]+", @"\s+$", Cjk, @"\p{N}+"])),
        (["deepseek-coder"], new([@"[\r\n]", @"\s?\p{L}+", @"\s?\p{P}+", Cjk, @"\p{N}"])),
        (["deepseek-v3", "hunyuan-dense", "joyai-llm"], new([@"\p{N}{1,3}", Kana, DeepSeek3Words])),
        (["tekken"], new([CaseWords.Replace("@", "", StringComparison.Ordinal) + @"|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*" + SpaceTail], IgnoresMerges: true, AddsBos: true)),
        (["gpt-4o", "llama4", "kanana2", "minimax-m2"], new([CaseWords.Replace("@", Contractions + "?", StringComparison.Ordinal) + @"|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*" + SpaceTail])),
        (["bloom", "poro-chat", "gpt3-finnish"], new([" ?[^(\\s|.,!?…。，、।۔،)]+"])),
        (["viking"], new([" ?[^(\\s|.,!?…。，、।۔،)]+", @"\p{N}"])),
        (["bailingmoe", "bailingmoe2", "llada-moe"], new([@"'(?:[sSdDmMtT]|[lL][lL]|[vV][eE]|[rR][eE])|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]|\s+(?!\S)|\s+"])),
        (["seed-coder"], new([Contractions + @"|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1}| ?[^\s\p{L}\p{N}\r\n]+" + SpaceTail])),
        (["superbpe"], new([@"\p{N}+", @"(?=(\d{3})+(?!\d))"])),
    ];
}
