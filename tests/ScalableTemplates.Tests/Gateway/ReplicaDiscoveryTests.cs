using System.Net;
using ScalableTemplates.Tests.EndToEnd;
using ScalableTemplates.Tests.Infrastructure;

namespace ScalableTemplates.Tests.Gateway;

/// <summary>A host name stands for the replicas at all of its addresses, whose probes have a separate port.</summary>
[Collection(nameof(GatewayFixture))]
public sealed class ReplicaDiscoveryTests(GatewayFixture shop) : IDisposable
{
    private const string Name = "replicas.example";

    // A loopback address on which no replica listens.
    private const string Unused = "127.0.0.9";

    private readonly HttpClient client = new();

    public void Dispose() => client.Dispose();

    [SkippableFact]
    public async Task Replicas_follow_the_addresses_of_a_name()
    {
        var port = shop.Backend.AddressOf(0).Port;
        Skip.IfNot(await CanReplaceHostsAsync(), "Not installed: unshare, or it is not permitted.");
        var hosts = Path.Combine(TempFolder.Create("hosts"), "hosts");
        await File.WriteAllTextAsync(hosts, $"127.0.0.1 {Name}\n{Unused} {Name}\n");
        await using var gateway = await GatewayProcess.StartAsync(
            shop.Solution,
            new Dictionary<string, string> { ["Services__api__http__0"] = $"http://{Name}:{port}", ["Gateway__ApiHealthPort"] = $"{port}" },
            hosts: hosts);
        Assert.Contains($"{Unused}:{port}", gateway.Log, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.OK, await GetAsync(gateway));

        await File.WriteAllTextAsync(hosts, $"{Unused} {Name}\n");
        await gateway.WaitUntilAsync(async () => await GetAsync(gateway) == HttpStatusCode.ServiceUnavailable);

        // Without a name, the last known addresses are used.
        await File.WriteAllTextAsync(hosts, "");
        await gateway.WaitUntilAsync(() => Task.FromResult(gateway.Log.Contains("Could not resolve", StringComparison.Ordinal)));

        await File.WriteAllTextAsync(hosts, $"127.0.0.1 {Name}\n");
        await gateway.WaitUntilAsync(async () => await GetAsync(gateway) == HttpStatusCode.OK);
    }

    [SkippableFact]
    public async Task A_gateway_whose_probes_never_succeed_is_starting_and_forwards_nevertheless()
    {
        await using var gateway = await shop.StartGatewayAsync([0], "Starting", ("Gateway__ApiHealthPort", $"{FreePort.Next()}"));

        Assert.Equal((HttpStatusCode.ServiceUnavailable, "Starting"), await gateway.GetHealthAsync());
        Assert.Equal(HttpStatusCode.OK, await GetAsync(gateway));
    }

    private async Task<HttpStatusCode> GetAsync(GatewayProcess gateway)
    {
        using var response = await client.GetAsync(new Uri(gateway.Address, "replica/request"));
        return response.StatusCode;
    }

    private static async Task<bool> CanReplaceHostsAsync() =>
        (await Command.RunAsync("unshare", ["--mount", "mount", "--bind", "/etc/hosts", "/etc/hosts"], "/", TimeSpan.FromMinutes(1))).ExitCode == 0;
}
