using System.Globalization;
using System.Net;
using System.Text;
using Switchyard.Properties;

namespace Switchyard.Cli.Verification;

/// <summary>What <c>verify --report</c> writes: a page that needs nothing beside itself.</summary>
internal static class VerifyPage
{
    private const string Style =
        "body{font:15px/1.5 sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color-scheme:light dark}table{border-collapse:collapse}td,th{padding:.2rem .8rem;text-align:left;border-bottom:1px solid #8886}"
        + ".broken{font-weight:bold;color:#d55e00}.card{border:2px solid #d55e00;border-radius:.4rem;padding:0 1rem;margin:1rem 0}code,pre{white-space:pre-wrap;overflow-wrap:anywhere}";

    /// <summary>The page, as Markdown or as HTML.</summary>
    public static string Write(VerifyResult result, bool markdown)
    {
        var page = new StringBuilder();
        if (!markdown) page.Append("<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>switchyard verify</title><style>").Append(Style).Append("</style></head><body>\n");
        var write = new Writer(page, markdown);
        write.Heading(1, $"{result.Strategy} on {result.Model}");
        write.Text($"Claims {result.Claim}. {Summary(result)}");
        if (result.OwnTokens is { } most) write.Text($"Requests on the model itself were cut to {most} new tokens.");
        foreach (LawLine line in result.Laws.Where(line => line.Outcome == LawOutcome.Broken)) write.Card(line);
        if (result.Laws.Count > 0)
        {
            write.Heading(2, "Laws");
            write.Table(["law", "on", "outcome", "cases", "what it says"], result.Laws.Select(line => (string[])[line.Law, line.Where, line.Word, Number(line.Cases), line.Outcome == LawOutcome.Held ? line.Sentence : $"{line.Sentence} {Why(line)}".TrimEnd()]));
        }
        if (result.Bugs.Count > 0)
        {
            write.Heading(2, "Planted mistakes");
            write.Table(["law", "outcome", "mistake"], result.Bugs.Select(bug => (string[])[bug.Law, bug.Caught ? "caught" : "MISSED", bug.Sentence]));
        }
        if (!markdown) page.Append("</body></html>\n");
        return page.ToString();
    }

    private static string Summary(VerifyResult result)
    {
        if (result.Bugs.Count > 0) return string.Create(CultureInfo.InvariantCulture, $"{result.Bugs.Count - result.BugsMissed} of {result.Bugs.Count} planted mistakes were caught in {result.Seconds:F0} s.");
        int late = result.Laws.Count(line => line.Outcome == LawOutcome.OutOfTime), other = result.Laws.Count - result.Held - result.Broken - late;
        return string.Create(CultureInfo.InvariantCulture, $"{result.Held} laws held, {result.Broken} broken, {other} not applicable, {late} out of time, in {result.Seconds:F0} s. Exit code {result.ExitCode}.");
    }

    private static string Why(LawLine line) => line.Finding.Length > 0 ? $"({line.Finding})" : "";

    private static string Number(int value) => value.ToString("N0", CultureInfo.InvariantCulture);

    /// <summary>The few forms that the page has, in both languages.</summary>
    private sealed class Writer(StringBuilder page, bool markdown)
    {
        public void Heading(int level, string text)
        {
            if (markdown) page.Append('#', level).Append(' ').AppendLine(text).AppendLine();
            else page.AppendLine(CultureInfo.InvariantCulture, $"<h{level}>{Html(text)}</h{level}>");
        }

        public void Text(string text)
        {
            if (markdown) page.AppendLine(text).AppendLine();
            else page.AppendLine(CultureInfo.InvariantCulture, $"<p>{Html(text)}</p>");
        }

        /// <summary>A counter-example: what was found, in what, and how to see it again.</summary>
        public void Card(LawLine line)
        {
            if (!markdown) page.AppendLine("<div class=\"card\">");
            Heading(2, $"{line.Law} is broken ({line.Where})");
            Text(line.Sentence);
            Table(["", ""], [["found", line.Finding], ["in", line.Counterexample], ["repeat", line.Repeat]]);
            if (!markdown) page.AppendLine("</div>");
        }

        public void Table(string[] head, IEnumerable<string[]> rows)
        {
            if (markdown)
            {
                Line(head);
                Line([.. head.Select(_ => "---")]);
                foreach (string[] row in rows) Line(row);
                page.AppendLine();
                return;
            }
            page.AppendLine("<table>");
            if (head.Any(cell => cell.Length > 0)) page.Append("<tr>").AppendJoin("", head.Select(cell => $"<th>{Html(cell)}</th>")).AppendLine("</tr>");
            foreach (string[] row in rows)
                page.Append(row.Contains("BROKEN") || row.Contains("MISSED") ? "<tr class=\"broken\">" : "<tr>").AppendJoin("", row.Select(cell => $"<td>{Html(cell)}</td>")).AppendLine("</tr>");
            page.AppendLine("</table>");
        }

        private void Line(string[] cells) => page.Append("| ").AppendJoin(" | ", cells.Select(cell => cell.ReplaceLineEndings(" ").Replace("|", "\\|", StringComparison.Ordinal))).AppendLine(" |");

        private static string Html(string text) => WebUtility.HtmlEncode(text);
    }
}
