using System.Globalization;
using System.Net;
using System.Text;

namespace Switchyard.Experiments.Results;

/// <summary>Lines or points over two axes from zero, as SVG that reads in light and dark; series differ by dash and mark, not by colour alone.</summary>
/// <param name="Title">What is shown.</param>
/// <param name="AcrossLabel">The horizontal axis.</param>
/// <param name="UpLabel">The vertical axis.</param>
/// <param name="Series">What is drawn.</param>
internal sealed record LineChart(string Title, string AcrossLabel, string UpLabel, IReadOnlyList<ChartSeries> Series)
{
    private const double Width = 640, Height = 360, Left = 60, Right = 20, Top = 36, Bottom = 48;

    private static readonly string[] Colours = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9"]; // Okabe and Ito's
    private static readonly string[] Dashes = ["none", "7 4", "2 3", "9 3 2 3", "4 4", "12 4"];

    public string ToSvg()
    {
        double mostX = Nice(Series.SelectMany(s => s.Points).Max(p => p.X)), mostY = Nice(Series.SelectMany(s => s.Points).Max(p => p.Y));
        var svg = new StringBuilder();
        Add(svg, $"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {Width} {Height}\" font-family=\"sans-serif\" font-size=\"12\" fill=\"#777\" role=\"img\">");
        Add(svg, $"<title>{Escape(Title)}</title><text x=\"{Left}\" y=\"20\" font-size=\"14\">{Escape(Title)}</text>");
        for (int i = 0; i <= 4; i++)
        {
            double x = mostX * i / 4, y = mostY * i / 4;
            Add(svg, $"<line x1=\"{Left}\" x2=\"{Width - Right}\" y1=\"{Up(y, mostY):F1}\" y2=\"{Up(y, mostY):F1}\" stroke=\"#999\" stroke-opacity=\"0.3\"/>");
            Add(svg, $"<text x=\"{Left - 6}\" y=\"{Up(y, mostY) + 4:F1}\" text-anchor=\"end\">{y:G3}</text>");
            Add(svg, $"<text x=\"{Across(x, mostX):F1}\" y=\"{Height - Bottom + 16}\" text-anchor=\"middle\">{x:G3}</text>");
        }
        Add(svg, $"<text x=\"{(Left + Width - Right) / 2}\" y=\"{Height - 10}\" text-anchor=\"middle\">{Escape(AcrossLabel)}</text>");
        Add(svg, $"<text transform=\"translate(14 {(Top + Height - Bottom) / 2}) rotate(-90)\" text-anchor=\"middle\">{Escape(UpLabel)}</text>");
        for (int i = 0; i < Series.Count; i++) Draw(svg, Series[i], i, mostX, mostY);
        return svg.AppendLine("</svg>").ToString();
    }

    private static void Draw(StringBuilder svg, ChartSeries series, int index, double mostX, double mostY)
    {
        string colour = Colours[index % Colours.Length];
        string points = string.Join(' ', series.Points.Select(p => string.Create(CultureInfo.InvariantCulture, $"{Across(p.X, mostX):F1},{Up(p.Y, mostY):F1}")));
        if (!series.PointsOnly) Add(svg, $"<polyline points=\"{points}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"2\" stroke-dasharray=\"{Dashes[index % Dashes.Length]}\"/>");
        foreach ((double x, double y) in series.Points) Add(svg, $"<circle cx=\"{Across(x, mostX):F1}\" cy=\"{Up(y, mostY):F1}\" r=\"2.5\" fill=\"{colour}\"/>");
        double top = Top + 14 * index;
        Add(svg, $"<line x1=\"{Width - 170}\" x2=\"{Width - 140}\" y1=\"{top}\" y2=\"{top}\" stroke=\"{colour}\" stroke-width=\"2\" stroke-dasharray=\"{Dashes[index % Dashes.Length]}\"/>");
        Add(svg, $"<text x=\"{Width - 134}\" y=\"{top + 4}\">{Escape(series.Name)}</text>");
    }

    private static double Across(double x, double most) => Left + x / most * (Width - Left - Right);

    private static double Up(double y, double most) => Height - Bottom - y / most * (Height - Top - Bottom);

    // The next of 1, 2, 4, 5, 8 and 10 times a power of ten: quarters of it read well.
    private static double Nice(double most)
    {
        if (!(most > 0)) return 1;
        double power = Math.Pow(10, Math.Floor(Math.Log10(most)));
        foreach (double step in (double[])[1, 1.2, 1.6, 2, 2.4, 3.2, 4, 5, 6, 8]) if (step * power >= most) return step * power;
        return 10 * power;
    }

    private static void Add(StringBuilder svg, FormattableString line) => svg.AppendLine(line.ToString(CultureInfo.InvariantCulture));

    private static string Escape(string text) => WebUtility.HtmlEncode(text);
}

/// <summary>One line, or a cloud of points.</summary>
internal sealed record ChartSeries(string Name, IReadOnlyList<(double X, double Y)> Points, bool PointsOnly = false);
