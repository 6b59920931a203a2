namespace Switchyard.Model.Text;

/// <summary>Reads the <c>decoder</c> of a tokenizer file into <see cref="DecodingRules"/>.</summary>
internal sealed class DecoderReader
{
    private const int MaxStrip = 1000;
    private const string Supported = "ByteLevel, Replace, ByteFallback, Fuse, Strip, Metaspace, BPEDecoder, Sequence";
    private readonly List<DecodingStep> _steps = [];
    private bool _isFused;
    private int _stripStart;
    private int _stripEnd;
    private char _stripCharacter = ' ';
    private string _wordSuffix = "";

    private DecoderReader()
    {
    }

    /// <summary>Makes the rules; a file without a decoder joins its tokens with spaces.</summary>
    public static DecodingRules Read(JsonField? field)
    {
        if (field is not JsonField decoder) return new DecodingRules([]) { JoinsWithSpaces = true };
        var reader = new DecoderReader();
        reader.Add(decoder);
        return new DecodingRules(reader._steps)
        {
            StripStart = reader._stripStart,
            StripEnd = reader._stripEnd,
            StripCharacter = reader._stripCharacter,
            WordSuffix = reader._wordSuffix,
        };
    }

    private void Add(JsonField field)
    {
        string type = field.TypeName();
        if (type == "Sequence")
        {
            foreach (JsonField part in field.Required("decoders").Items()) Add(part);
            return;
        }
        if (_isFused && type is not ("Fuse" or "Strip")) throw field.Refuse("Only Strip may follow what joins the tokens.", type, "Fuse, Strip");
        if (_wordSuffix.Length > 0) throw field.Refuse("Nothing may follow BPEDecoder.", type);
        switch (type)
        {
            case "ByteLevel": (_isFused, _) = (true, Step(new ByteLevelStep())); break;
            case "Replace": Step(new ReplaceStep(NormalizerReader.ReadReplace(field), new GrowthLimit(field.File, field.Path))); break;
            case "ByteFallback": Step(new ByteFallbackStep()); break;
            case "Fuse": _isFused = true; break;
            case "Strip": AddStrip(field); break;
            case "Metaspace": Step(new MetaspaceStep(field.Required("replacement").Character(), PreTokenizerReader.ReadScheme(field) != PrependScheme.Never)); break;
            case "BPEDecoder": _wordSuffix = field.OptionalString("suffix") is { Length: > 0 } suffix ? suffix : throw field.Refuse("The suffix is missing."); break;
            default: throw field.Refuse("This decoder is not supported.", type, Supported);
        }
    }

    private DecodingStep Step(DecodingStep step)
    {
        _steps.Add(step);
        return step;
    }

    private void AddStrip(JsonField field)
    {
        string content = field.Required("content").Character();
        if (content.Length != 1) throw field.Refuse("The character to strip must be in the basic plane.", content);
        int start = field.Required("start").Count(MaxStrip), stop = field.Required("stop").Count(MaxStrip);
        if (!_isFused) Step(new StripStep(content[0], start, stop));
        else if (_stripStart + _stripEnd > 0) throw field.Refuse("Only one Strip may follow what joins the tokens.");
        else (_stripCharacter, _stripStart, _stripEnd) = (content[0], start, stop);
    }
}
