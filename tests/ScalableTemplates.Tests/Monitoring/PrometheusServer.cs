using System.Globalization;
using System.Text.Json;
using ScalableTemplates.Tests.EndToEnd;
using ScalableTemplates.Tests.Infrastructure;

namespace ScalableTemplates.Tests.Monitoring;

/// <summary>A Prometheus server with the configuration of an output, but other addresses and shorter intervals.</summary>
internal sealed class PrometheusServer : IAsyncDisposable
{
    private readonly ServerPort port = new();
    private readonly HttpClient client = new();
    private Daemon? daemon;

    /// <param name="configuration">The folder deploy/monitoring of the output.</param>
    public Task StartAsync(string configuration, int collectorPort, int brokerPort) => port.StartAsync(async () =>
    {
        var folder = TempFolder.Create("prometheus");
        foreach (var (path, text) in FileTree.Read(configuration).Files.Where(file => Path.GetDirectoryName(file.Key) is "" or "rules" or "targets"))
        {
            Directory.CreateDirectory(Path.GetDirectoryName(Path.Combine(folder, path))!);
            await File.WriteAllTextAsync(Path.Combine(folder, path), text
                .Replace("otel-collector:8889", Local(collectorPort), StringComparison.Ordinal)
                .Replace("rabbitmq:15692", Local(brokerPort), StringComparison.Ordinal)
                .Replace("prometheus:9090", Local(port.Number), StringComparison.Ordinal)
                .Replace("scrape_interval: 15s", "scrape_interval: 3s", StringComparison.Ordinal)
                .Replace("evaluation_interval: 30s", "evaluation_interval: 3s", StringComparison.Ordinal));
        }

        daemon = Daemon.Start(
            Path.Combine(PromTool.Binaries!, "prometheus"),
            ["--config.file=prometheus.yaml", $"--web.listen-address={Local(port.Number)}", "--storage.tsdb.path=data"],
            folder,
            Path.Combine(folder, "log"));
        await daemon.WaitUntilAsync(async () => (await GetAsync("-/ready")) is not null);
    });

    /// <summary>Waits until all queries have a result.</summary>
    /// <returns>Those that have none in the end.</returns>
    public async Task<IReadOnlyCollection<string>> WaitForResultsAsync(IEnumerable<string> queries)
    {
        var pending = queries.ToHashSet();
        using var timeout = new CancellationTokenSource(Daemon.WaitTimeout);
        while (true)
        {
            foreach (var query in pending)
            {
                if (await CountAsync(query) > 0)
                {
                    pending.Remove(query);
                }
            }

            if (pending.Count == 0 || timeout.IsCancellationRequested)
            {
                return pending;
            }

            await Task.Delay(1000);
        }
    }

    /// <returns>The names of all labels.</returns>
    public async Task<HashSet<string>> GetLabelsAsync() =>
        [.. JsonElement.Parse((await GetAsync("api/v1/labels"))!).GetProperty("data").EnumerateArray().Select(label => label.GetString()!)];

    public async ValueTask DisposeAsync()
    {
        client.Dispose();
        if (daemon is not null)
        {
            await daemon.DisposeAsync();
        }
    }

    private static string Local(int port) => string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{port}");

    private async Task<int> CountAsync(string query)
    {
        var response = await GetAsync($"api/v1/query?query={Uri.EscapeDataString(query)}") ?? throw new InvalidOperationException($"Prometheus rejects {query}");
        return JsonElement.Parse(response).GetProperty("data").GetProperty("result").GetArrayLength();
    }

    private async Task<string?> GetAsync(string path)
    {
        try
        {
            using var response = await client.GetAsync(new Uri($"http://{Local(port.Number)}/{path}"));
            return response.IsSuccessStatusCode ? await response.Content.ReadAsStringAsync() : null;
        }
        catch (HttpRequestException)
        {
            return null;
        }
    }
}
