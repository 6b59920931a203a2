namespace Switchyard.Model.Text;

/// <summary>Reads the <c>post_processor</c> of a tokenizer file: what stands before and after a single text.</summary>
internal sealed class PostProcessorReader
{
    private const string Supported = "TemplateProcessing, RobertaProcessing, BertProcessing, ByteLevel, Sequence";
    private readonly int _vocabularySize;

    private PostProcessorReader(int vocabularySize) => _vocabularySize = vocabularySize;

    /// <summary>Ids before a text.</summary>
    public List<int> Before { get; } = [];

    /// <summary>Ids after a text.</summary>
    public List<int> After { get; } = [];

    /// <summary>Reads the processor; null adds nothing.</summary>
    public static PostProcessorReader Read(JsonField? field, int vocabularySize)
    {
        var reader = new PostProcessorReader(vocabularySize);
        if (field is JsonField processor) reader.Add(processor);
        return reader;
    }

    private void Add(JsonField field)
    {
        string type = field.TypeName();
        switch (type)
        {
            case "Sequence":
                foreach (JsonField part in field.Required("processors").Items()) Add(part);
                break;
            case "ByteLevel":
                // It moves offsets, which are not kept here.
                break;
            case "TemplateProcessing":
                AddTemplate(field);
                break;
            case "RobertaProcessing" or "BertProcessing":
                Before.Insert(0, ReadPair(field.Required("cls")));
                After.Add(ReadPair(field.Required("sep")));
                break;
            default:
                throw field.Refuse("This post-processor is not supported.", type, Supported);
        }
    }

    private int ReadPair(JsonField field)
    {
        JsonField[] pair = [.. field.Items().Take(3)];
        return pair.Length == 2 ? pair[1].Count(_vocabularySize - 1) : throw field.Refuse("A token and its id were expected.");
    }

    private void AddTemplate(JsonField field)
    {
        var before = new List<int>();
        var after = new List<int>();
        int sequences = 0;
        foreach (JsonField piece in field.Required("single").Items())
        {
            if (piece.Optional("Sequence") is JsonField sequence)
            {
                if (++sequences > 1 || sequence.Required("id").String() != "A") throw piece.Refuse("A template for one text may name it once, as A.");
                continue;
            }
            string name = piece.Required("SpecialToken").Required("id").String();
            foreach (JsonField id in field.Required("special_tokens").Required(name).Required("ids").Items())
                (sequences == 0 ? before : after).Add(id.Count(_vocabularySize - 1));
        }
        if (sequences == 0) throw field.Refuse("The template leaves the text out.");
        Before.InsertRange(0, before);
        After.AddRange(after);
    }
}
