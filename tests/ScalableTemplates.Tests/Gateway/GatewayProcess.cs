using System.Net;
using ScalableTemplates.Tests.EndToEnd;
using ScalableTemplates.Tests.Infrastructure;

namespace ScalableTemplates.Tests.Gateway;

/// <summary>The gateway of a built solution, in Production.</summary>
internal sealed class GatewayProcess : IAsyncDisposable
{
    private readonly HttpClient client = new();
    private readonly Daemon daemon;
    private readonly int probes;

    private GatewayProcess(Daemon daemon, int port, int probes)
    {
        this.daemon = daemon;
        this.probes = probes;
        Address = new Uri($"http://127.0.0.1:{port}/");
    }

    public Uri Address { get; }

    public string Log => daemon.Log;

    /// <summary>Starts the gateway, and waits for its health.</summary>
    /// <param name="solution">The folder of the solution.</param>
    /// <param name="settings">Environment variables. With a Health:Port of 0, probes are served on the port of the requests.</param>
    /// <param name="health">The health to wait for.</param>
    /// <param name="hosts">A file that takes the place of /etc/hosts for this process.</param>
    public static async Task<GatewayProcess> StartAsync(string solution, IReadOnlyDictionary<string, string> settings, string health = "Healthy", string? hosts = null)
    {
        var port = new ServerPort(count: 2);
        GatewayProcess? gateway = null;
        await port.StartAsync(async () =>
        {
            var folder = Path.Combine(solution, "src", "Gateway");
            string[] command = ["dotnet", Path.Combine(folder, "bin", "Debug", "net10.0", "Shop.Gateway.dll")];
            command = hosts is null ? command : ["unshare", "--mount", "sh", "-c", $"mount --bind {hosts} /etc/hosts && exec {string.Join(' ', command)}"];
            var environment = new Dictionary<string, string>(settings)
            {
                ["ASPNETCORE_ENVIRONMENT"] = "Production",
                ["ASPNETCORE_URLS"] = $"http://127.0.0.1:{port.Number}",
            };
            environment.TryAdd("Health__Port", $"{port.Number + 1}");
            var daemon = Daemon.Start(command[0], command[1..], folder, Path.Combine(TempFolder.Create("logs"), "gateway"), environment);
            gateway = new GatewayProcess(daemon, port.Number, environment["Health__Port"] == "0" ? port.Number : port.Number + 1);
            await gateway.WaitForHealthAsync(health);
        });
        return gateway!;
    }

    public Task WaitForHealthAsync(string health) => daemon.WaitUntilAsync(async () => await GetHealthAsync() is var (_, status) && status == health);

    /// <returns>Null if there is no response.</returns>
    public async Task<(HttpStatusCode Code, string Status)?> GetHealthAsync()
    {
        try
        {
            using var response = await client.GetAsync(new Uri($"http://127.0.0.1:{probes}/health"));
            return (response.StatusCode, await response.Content.ReadAsStringAsync());
        }
        catch (HttpRequestException)
        {
            return null;
        }
    }

    /// <summary>Waits until so many replicas have become available since the start.</summary>
    public Task WaitForReplicasAsync(int count) => daemon.WaitUntilAsync(() => Task.FromResult(Log.Split("\"newHealthState\":\"Healthy\"").Length > count));

    public Task WaitUntilAsync(Func<Task<bool>> condition) => daemon.WaitUntilAsync(condition);

    public Task<int> StopAsync() => daemon.StopAsync();

    public async ValueTask DisposeAsync()
    {
        await daemon.DisposeAsync();
        client.Dispose();
    }
}
