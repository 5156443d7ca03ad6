using System.Globalization;

namespace ScalableTemplates.Tests.Monitoring;

/// <summary>A sample in Prometheus. Those of one histogram share their family.</summary>
internal sealed record Sample(string Family, MetricKind Kind, string Name, IReadOnlyDictionary<string, string> Labels, double Value);

/// <summary>Decodes OTLP metrics and translates them as the Prometheus exporter of the Collector does.</summary>
internal static class OtlpMetrics
{
    /// <param name="request">An encoded ExportMetricsServiceRequest.</param>
    public static IEnumerable<Sample> Read(byte[] request) =>
        from resourceMetrics in ProtobufField.ReadAll(request)
        where resourceMetrics.Number == 1
        let resource = ReadResource(resourceMetrics)
        from sample in ReadScopes(resourceMetrics, resource).Prepend(ReadTarget(resource))
        select sample;

    private static Dictionary<string, string> ReadResource(ProtobufField resourceMetrics) =>
        ReadAttributes(resourceMetrics.Fields.First(field => field.Number == 1).Fields, number: 1);

    private static Sample ReadTarget(Dictionary<string, string> resource)
    {
        var labels = resource
            .Where(attribute => attribute.Key is not ("service.name" or "service.instance.id" or "service.namespace"))
            .Concat(Identify(resource))
            .ToDictionary(attribute => PrometheusNames.OfLabel(attribute.Key), attribute => attribute.Value);
        return new Sample("target_info", MetricKind.Gauge, "target_info", labels, 1);
    }

    private static IEnumerable<KeyValuePair<string, string>> Identify(Dictionary<string, string> resource)
    {
        var name = resource["service.name"];
        yield return new("job", resource.TryGetValue("service.namespace", out var ns) ? $"{ns}/{name}" : name);
        yield return new("instance", resource["service.instance.id"]);
    }

    private static IEnumerable<Sample> ReadScopes(ProtobufField resourceMetrics, Dictionary<string, string> resource) =>
        from scopeMetrics in resourceMetrics.Fields
        where scopeMetrics.Number == 2
        let scope = scopeMetrics.Fields.First(field => field.Number == 1).Fields.FirstOrDefault(field => field.Number == 1).Text
        from metric in scopeMetrics.Fields
        where metric.Number == 2
        from sample in ReadMetric(metric, [.. Identify(resource), new("otel_scope_name", scope)])
        select sample;

    private static IEnumerable<Sample> ReadMetric(ProtobufField metric, KeyValuePair<string, string>[] target)
    {
        var fields = metric.Fields.ToLookup(field => field.Number);
        var data = metric.Fields.Single(field => field.Number is 5 or 7 or 9);
        var isMonotonic = data.Fields.Any(field => field is { Number: 3, Bits: 1 });
        var kind = data.Number switch
        {
            5 => MetricKind.Gauge,
            7 => isMonotonic ? MetricKind.Counter : MetricKind.UpDownCounter,
            _ => MetricKind.Histogram,
        };
        var family = PrometheusNames.OfMetric(fields[1].Single().Text, fields[3].FirstOrDefault().Text, kind);
        foreach (var point in data.Fields.Where(field => field.Number == 1))
        {
            // Throws for an attribute whose label is one of the target, as the Collector drops such a metric.
            var labels = ReadAttributes(point.Fields, kind == MetricKind.Histogram ? 9 : 7).Concat(target)
                .ToDictionary(label => PrometheusNames.OfLabel(label.Key), label => label.Value);
            foreach (var (suffix, bound, value) in kind == MetricKind.Histogram ? ReadHistogram(point) : [ReadNumber(point)])
            {
                yield return new Sample(family, kind, family + suffix, bound is null ? labels : new Dictionary<string, string>(labels) { ["le"] = bound }, value);
            }
        }
    }

    private static (string Suffix, string? Bound, double Value) ReadNumber(ProtobufField point)
    {
        var value = point.Fields.FirstOrDefault(field => field.Number is 4 or 6);
        return ("", null, value.Number == 4 ? value.Double : value.Integer);
    }

    private static IEnumerable<(string Suffix, string? Bound, double Value)> ReadHistogram(ProtobufField point)
    {
        var fields = point.Fields.ToLookup(field => field.Number);
        var total = fields[4].FirstOrDefault().Integer;
        var counts = ReadRepeated(fields[6]).ToList();
        var cumulative = 0UL;
        foreach (var (index, bound) in ReadRepeated(fields[7]).Select(BitConverter.UInt64BitsToDouble).Index())
        {
            cumulative += counts[index];
            yield return ("_bucket", bound.ToString(CultureInfo.InvariantCulture), cumulative);
        }

        yield return ("_bucket", "+Inf", total);
        yield return ("_sum", null, fields[5].FirstOrDefault().Double);
        yield return ("_count", null, total);
    }

    private static IEnumerable<ulong> ReadRepeated(IEnumerable<ProtobufField> fields) => fields.SelectMany(field => field.Bytes.IsEmpty ? [field.Bits] : field.Packed);

    private static Dictionary<string, string> ReadAttributes(IEnumerable<ProtobufField> fields, int number) => fields
        .Where(field => field.Number == number)
        .Select(attribute => attribute.Fields.ToLookup(field => field.Number))
        .ToDictionary(attribute => attribute[1].Single().Text, attribute => ReadValue(attribute[2].SingleOrDefault()));

    private static string ReadValue(ProtobufField value) => value.Fields.FirstOrDefault() switch
    {
        { Number: 1 } text => text.Text,
        { Number: 2 } flag => flag.Bits == 1 ? "true" : "false",
        { Number: 3 } integer => integer.Integer.ToString(CultureInfo.InvariantCulture),
        { Number: 4 } number => number.Double.ToString(CultureInfo.InvariantCulture),
        _ => "",
    };
}
