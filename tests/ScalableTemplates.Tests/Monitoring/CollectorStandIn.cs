using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Text;
using ScalableTemplates.Tests.EndToEnd;

namespace ScalableTemplates.Tests.Monitoring;

/// <summary>Does with metrics what the Collector of the output does: receives them over OTLP and serves the latest ones to Prometheus.</summary>
internal sealed class CollectorStandIn : IDisposable
{
    private readonly ConcurrentDictionary<string, Sample> latest = [];
    private readonly HttpListener listener = new();
    private int read;

    public CollectorStandIn()
    {
        Port = FreePort.Next();
        listener.Prefixes.Add($"http://127.0.0.1:{Port}/");
        listener.Start();
        _ = ServeAsync();
    }

    /// <summary>The port that Prometheus scrapes.</summary>
    public int Port { get; }

    public OtlpReceiver Receiver { get; } = new();

    /// <summary>The latest value of every series that was ever received.</summary>
    public IReadOnlyCollection<Sample> Samples
    {
        get
        {
            lock (latest)
            {
                foreach (var body in Receiver.Metrics.Skip(read))
                {
                    read++;
                    foreach (var sample in OtlpMetrics.Read(body))
                    {
                        latest[$"{sample.Name}{{{Format(sample.Labels)}}}"] = sample;
                    }
                }

                return [.. latest.Values];
            }
        }
    }

    public void Dispose()
    {
        listener.Close();
        Receiver.Dispose();
    }

    private static string Format(IReadOnlyDictionary<string, string> labels) => string.Join(',', labels
        .OrderBy(label => label.Key, StringComparer.Ordinal)
        .Select(label => $"{label.Key}=\"{label.Value.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal)}\""));

    private string Render()
    {
        var text = new StringBuilder();
        foreach (var family in Samples.GroupBy(sample => sample.Family))
        {
            var type = family.First().Kind switch { MetricKind.Counter => "counter", MetricKind.Histogram => "histogram", _ => "gauge" };
            text.Append(CultureInfo.InvariantCulture, $"# TYPE {family.Key} {type}\n");
            foreach (var sample in family)
            {
                text.Append(CultureInfo.InvariantCulture, $"{sample.Name}{{{Format(sample.Labels)}}} {sample.Value:R}\n");
            }
        }

        return text.ToString();
    }

    private async Task ServeAsync()
    {
        try
        {
            while (true)
            {
                var context = await listener.GetContextAsync();
                context.Response.ContentType = "text/plain; version=0.0.4";
                await context.Response.OutputStream.WriteAsync(Encoding.UTF8.GetBytes(Render()));
                context.Response.Close();
            }
        }
        catch (Exception exception) when (exception is HttpListenerException or ObjectDisposedException)
        {
            // The listener was closed.
        }
    }
}
