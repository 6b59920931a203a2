using System.Text.Json.Nodes;
using Switchyard.Model.Text;
using Switchyard.Tests.Files;

namespace Switchyard.Tests.Text;

/// <summary>Small tokenizer files, written as the tests need them.</summary>
internal static class TinyTokenizer
{
    /// <summary>A model section: tokens get ids in order, merges are "left right".</summary>
    public static JsonObject Model(string[] tokens, string[] merges, string options = "{}")
    {
        JsonObject model = JsonNode.Parse(options)!.AsObject();
        model["type"] = "BPE";
        model["vocab"] = new JsonObject(tokens.Select((token, id) => KeyValuePair.Create<string, JsonNode?>(token, id)));
        model["merges"] = new JsonArray([.. merges.Select(merge => JsonValue.Create(merge))]);
        return model;
    }

    /// <summary>A whole file around a model.</summary>
    public static string Json(JsonObject model, string rest = "{}")
    {
        JsonObject root = JsonNode.Parse(rest)!.AsObject();
        root["version"] = "1.0";
        root["model"] = model;
        return root.ToJsonString();
    }

    /// <summary>Opens a file, with a config beside it where one is given.</summary>
    public static ITokenizer Open(string json, string? config = null)
    {
        using var folder = new TemporaryFolder();
        folder.Write("tokenizer.json", json);
        if (config is not null) folder.Write("tokenizer_config.json", config);
        return Tokenizers.Open(folder.Path);
    }

    /// <summary>The spellings of a text's ids.</summary>
    public static string Spell(ITokenizer tokenizer, string text, bool addSpecial = false, bool parseSpecial = true) =>
        string.Join('|', tokenizer.Encode(text, addSpecial, parseSpecial).Select(tokenizer.TokenString));

    /// <summary>A SentencePiece-style file with bytes, a template and the usual decoder.</summary>
    public static string SentencePiece() => Json(
        Model(
            ["<unk>", "<s>", "</s>", .. Enumerable.Range(0, 256).Select(b => $"<0x{b:X2}>"), "▁", "h", "e", "l", "o", "he", "ll", "▁he", "llo", "▁hello", "▁▁", "e▁"],
            ["h e", "l l", "▁ he", "ll o", "▁he llo", "▁ ▁"],
            """{"unk_token":"<unk>","fuse_unk":true,"byte_fallback":true}"""),
        """
        {"added_tokens":[{"id":0,"content":"<unk>","special":true,"normalized":false},{"id":1,"content":"<s>","special":true,"normalized":false},{"id":2,"content":"</s>","special":true,"normalized":false}],
         "normalizer":{"type":"Sequence","normalizers":[{"type":"Prepend","prepend":"▁"},{"type":"Replace","pattern":{"String":" "},"content":"▁"}]},
         "post_processor":{"type":"TemplateProcessing","single":[{"SpecialToken":{"id":"<s>","type_id":0}},{"Sequence":{"id":"A","type_id":0}}],"pair":[],"special_tokens":{"<s>":{"id":"<s>","ids":[1],"tokens":["<s>"]}}},
         "decoder":{"type":"Sequence","decoders":[{"type":"Replace","pattern":{"String":"▁"},"content":" "},{"type":"ByteFallback"},{"type":"Fuse"},{"type":"Strip","content":" ","start":1,"stop":0}]}}
        """);
}
