using System.Text.RegularExpressions;

namespace ScalableTemplates.Tests.Monitoring;

/// <summary>
/// Names of OpenTelemetry metrics and attributes in Prometheus, by the translation strategy UnderscoreEscapingWithSuffixes of the Collector and
/// of Prometheus (specification/compatibility/prometheus_and_openmetrics.md).
/// </summary>
internal static partial class PrometheusNames
{
    private static readonly Dictionary<string, string> Units = new()
    {
        ["1"] = "", ["%"] = "percent", ["s"] = "seconds", ["ms"] = "milliseconds", ["us"] = "microseconds", ["ns"] = "nanoseconds",
        ["min"] = "minutes", ["h"] = "hours", ["d"] = "days", ["By"] = "bytes", ["KiBy"] = "kibibytes", ["MiBy"] = "mebibytes", ["Hz"] = "hertz",
    };

    public static string OfMetric(string name, string unit, MetricKind kind)
    {
        var tokens = Separator().Split(name).Where(token => token.Length > 0).ToList();
        // A unit in braces is an annotation.
        var suffix = unit.Contains('{', StringComparison.Ordinal) ? "" : Units.GetValueOrDefault(unit, Separator().Replace(unit, "_"));
        if (suffix.Length > 0 && !tokens.Contains(suffix))
        {
            tokens.Add(suffix);
        }

        if (kind == MetricKind.Counter)
        {
            tokens = [.. tokens.Where(token => token != "total"), "total"];
        }

        if (kind == MetricKind.Gauge && unit == "1")
        {
            tokens = [.. tokens.Where(token => token != "ratio"), "ratio"];
        }

        return string.Join('_', tokens);
    }

    public static string OfLabel(string attribute) => LabelSeparator().Replace(attribute, "_");

    [GeneratedRegex("[^a-zA-Z0-9:]+")]
    private static partial Regex Separator();

    [GeneratedRegex("[^a-zA-Z0-9]+")]
    private static partial Regex LabelSeparator();
}

internal enum MetricKind
{
    Gauge,
    Counter,
    UpDownCounter,
    Histogram,
}
