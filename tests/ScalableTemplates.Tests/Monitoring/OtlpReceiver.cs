using System.Collections.Concurrent;
using System.Net;
using ScalableTemplates.Tests.EndToEnd;

namespace ScalableTemplates.Tests.Monitoring;

/// <summary>Stands in for an OpenTelemetry Collector: receives OTLP over HTTP.</summary>
internal sealed class OtlpReceiver : IDisposable
{
    private readonly HttpListener listener = new();
    private readonly ConcurrentQueue<(string Path, byte[] Body)> requests = [];

    public OtlpReceiver()
    {
        listener.Prefixes.Add(Address);
        listener.Start();
        _ = ReceiveAsync();
    }

    public string Address { get; } = $"http://127.0.0.1:{FreePort.Next()}/";

    public IEnumerable<(string Path, byte[] Body)> Requests => requests;

    public IEnumerable<byte[]> Metrics => requests.Where(request => request.Path == "/v1/metrics").Select(request => request.Body);

    /// <summary>The environment variables of a process that exports here.</summary>
    public Dictionary<string, string> Settings => new()
    {
        ["OTEL_EXPORTER_OTLP_ENDPOINT"] = Address,
        ["OTEL_EXPORTER_OTLP_PROTOCOL"] = "http/protobuf",
        ["OTEL_METRIC_EXPORT_INTERVAL"] = "500",
        ["OTEL_BSP_SCHEDULE_DELAY"] = "200",
    };

    public void Clear() => requests.Clear();

    public void Dispose() => listener.Close();

    private async Task ReceiveAsync()
    {
        try
        {
            while (true)
            {
                var context = await listener.GetContextAsync();
                using var body = new MemoryStream();
                await context.Request.InputStream.CopyToAsync(body);
                requests.Enqueue((context.Request.Url!.AbsolutePath, body.ToArray()));
                context.Response.Close();
            }
        }
        catch (Exception exception) when (exception is HttpListenerException or ObjectDisposedException)
        {
            // The listener was closed.
        }
    }
}
