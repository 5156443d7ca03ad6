using System.Globalization;
using System.Net;
using System.Text;
using ScalableTemplates.Tests.EndToEnd;

namespace ScalableTemplates.Tests.Monitoring;

/// <summary>Does with metrics what the Collector of the output does: receives them over OTLP and serves the latest ones to Prometheus.</summary>
internal sealed class CollectorStandIn : IDisposable
{
    private readonly Dictionary<string, Sample> latest = [];
    private readonly HttpListener listener = new();
    private readonly CancellationTokenSource disposed = new();
    private volatile IReadOnlyCollection<Sample> samples = [];
    private volatile byte[] page = [];

    public CollectorStandIn()
    {
        Port = FreePort.Next();
        listener.Prefixes.Add($"http://127.0.0.1:{Port}/");
        listener.Start();
        _ = RefreshAsync();
        _ = ServeAsync();
    }

    /// <summary>The port that Prometheus scrapes.</summary>
    public int Port { get; }

    public OtlpReceiver Receiver { get; } = new();

    /// <summary>The latest value of every series that was ever received.</summary>
    public IReadOnlyCollection<Sample> Samples => samples;

    public void Dispose()
    {
        disposed.Cancel();
        listener.Close();
        Receiver.Dispose();
    }

    private static string Format(IReadOnlyDictionary<string, string> labels) => string.Join(',', labels
        .OrderBy(label => label.Key, StringComparer.Ordinal)
        .Select(label => $"{label.Key}=\"{label.Value.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal)}\""));

    // Ahead of the scrapes, which must not time out on a busy machine.
    private async Task RefreshAsync()
    {
        var read = 0;
        while (!disposed.IsCancellationRequested)
        {
            foreach (var body in Receiver.Metrics.Skip(read))
            {
                read++;
                foreach (var sample in OtlpMetrics.Read(body))
                {
                    latest[$"{sample.Name}{{{Format(sample.Labels)}}}"] = sample;
                }
            }

            samples = [.. latest.Values];
            page = Encoding.UTF8.GetBytes(Render());
            await Task.Delay(1000);
        }
    }

    private string Render()
    {
        var text = new StringBuilder();
        foreach (var family in latest.GroupBy(series => series.Value.Family))
        {
            var type = family.First().Value.Kind switch { MetricKind.Counter => "counter", MetricKind.Histogram => "histogram", _ => "gauge" };
            text.Append(CultureInfo.InvariantCulture, $"# TYPE {family.Key} {type}\n");
            foreach (var (series, sample) in family)
            {
                text.Append(CultureInfo.InvariantCulture, $"{series} {sample.Value:R}\n");
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
                var current = page;
                context.Response.ContentLength64 = current.Length;
                await context.Response.OutputStream.WriteAsync(current);
                context.Response.Close();
            }
        }
        catch (Exception exception) when (exception is HttpListenerException or ObjectDisposedException)
        {
            // The listener was closed.
        }
    }
}
