using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using ScalableTemplates.Tests.Degradation;
using ScalableTemplates.Tests.EndToEnd;
using Xunit.Abstractions;

namespace ScalableTemplates.Tests.Gateway;

/// <summary>The gateway in Production in front of three replicas of the API, each of which is up, down, hangs or refuses.</summary>
[Collection(nameof(GatewayFixture))]
public sealed class ReplicaFaultTests(GatewayFixture shop, ITestOutputHelper output) : IDisposable
{
    private const int Sample = 200;

    // Less than the activity timeout, and more than any request takes, even on a busy machine.
    private static readonly TimeSpan MaxReadTime = TimeSpan.FromSeconds(25);

    private readonly HttpClient client = new();

    public void Dispose() => client.Dispose();

    [SkippableFact]
    public async Task No_read_fails_and_no_order_is_lost_or_doubled_while_replicas_are_killed_hang_and_drain()
    {
        var backend = shop.Backend;
        var product = await backend.GetProductIdAsync();
        await using var load = new MixedLoad(shop.Gateway.Address, product);
        await load.WaitForResponsesAsync(Sample);

        await backend.KillApiAsync(1);
        await load.WaitForResponsesAsync(Sample);
        await backend.StartApiAsync(1);
        await WaitUntilUsedAsync(1);

        await backend.ApiOf(2).PauseAsync();
        // Requests that wait for the hanging replica end before it resumes.
        await AssertReadsSucceedAsync(100);
        await load.WaitForResponsesAsync(Sample);
        await backend.ApiOf(2).ResumeAsync();
        await WaitUntilUsedAsync(2);

        Assert.Equal(0, await backend.StopApiAsync(0));
        await load.WaitForResponsesAsync(Sample);
        await backend.StartApiAsync();
        await WaitUntilUsedAsync(0);
        await load.StopAsync();

        var slowest = load.Reads.Max(read => read.Took);
        output.WriteLine($"{load.Reads.Count} reads, the slowest in {slowest}. Orders: "
            + string.Join(", ", load.Orders.Values.CountBy(order => order.Outcome).Select(count => $"{count.Value} x {count.Key}")));
        Assert.All(load.Reads, read => Assert.Equal("200", read.Outcome));
        Assert.True(slowest < MaxReadTime, $"{slowest}");
        Assert.All(load.Orders.Values, order => Assert.Contains(order.Outcome, (string[])["202", "502", "503", "504"]));
        await AssertEachKeyHasOneOrderAsync(load);
        Assert.True(shop.Gateway.Log.Split('\n').Length < 100, shop.Gateway.Log);
        Assert.DoesNotContain("   at ", shop.Gateway.Log, StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task Without_any_replica_each_request_gets_an_immediate_503_until_one_is_back()
    {
        var backend = shop.Backend;
        foreach (var number in Enumerable.Range(0, GatewayFixture.Replicas))
        {
            await backend.KillApiAsync(number);
        }

        await shop.Gateway.WaitForHealthAsync("Degraded");
        Assert.Equal((HttpStatusCode.OK, "Degraded"), await shop.Gateway.GetHealthAsync());
        var lines = shop.Gateway.Log.Split('\n').Length;
        for (var number = 0; number < Sample; number++)
        {
            var clock = Stopwatch.StartNew();
            using var response = number % 2 == 0 ? await client.GetAsync(new Uri(shop.Gateway.Address, "v1/products")) : await client.PostAsync(new Uri(shop.Gateway.Address, "v1/orders"), new StringContent("{}"));
            Assert.Equal(HttpStatusCode.ServiceUnavailable, response.StatusCode);
            Assert.NotNull(response.Headers.RetryAfter?.Delta);
            Assert.Equal("application/problem+json", response.Content.Headers.ContentType?.MediaType);
            Assert.True(clock.Elapsed < TimeSpan.FromSeconds(2), $"{clock.Elapsed}");
        }

        Assert.InRange(shop.Gateway.Log.Split('\n').Length - lines, 0, 10);
        await Task.WhenAll(Enumerable.Range(0, GatewayFixture.Replicas).Select(backend.StartApiAsync));
        await shop.Gateway.WaitForHealthAsync("Healthy");
        Assert.Equal(HttpStatusCode.OK, (await GetAsync("replica/request")).Status);
    }

    [SkippableFact]
    public async Task While_all_replicas_hang_requests_end_with_504()
    {
        var replicas = Enumerable.Range(0, GatewayFixture.Replicas).ToList();
        await using var gateway = await shop.StartGatewayAsync(replicas, ("ReverseProxy__Clusters__api__HttpRequest__ActivityTimeout", "00:00:05"));
        await Task.WhenAll(replicas.Select(number => shop.Backend.ApiOf(number).PauseAsync()));

        var responses = await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => GetAsync("replica/request", gateway)));

        await Task.WhenAll(replicas.Select(number => shop.Backend.ApiOf(number).ResumeAsync()));
        Assert.All(responses, response => Assert.Equal(HttpStatusCode.GatewayTimeout, response.Status));
        await gateway.WaitForHealthAsync("Healthy");
        await AssertReadsSucceedAsync(1);
    }

    [SkippableFact]
    public async Task A_read_that_an_overloaded_replica_refuses_is_served_by_another()
    {
        const int Overloaded = GatewayFixture.Replicas;
        await shop.StartReplicaAsync(Overloaded, ("LoadShedding__MaxConcurrentReads", "1"), ("LoadShedding__MaxQueueLength", "0"));
        await using var gateway = await shop.StartGatewayAsync([0, Overloaded]);
        await gateway.WaitForReplicasAsync(2);
        using var stop = new CancellationTokenSource();
        var occupying = Task.WhenAll(Enumerable.Range(0, 2).Select(_ => OccupyAsync(shop.Backend.AddressOf(Overloaded), stop.Token)));
        await shop.Gateway.WaitUntilAsync(async () => (await GetAsync("replica/request", shop.Backend.AddressOf(Overloaded))).Status == HttpStatusCode.ServiceUnavailable);

        var ports = new List<int>();
        for (var number = 0; number < 100; number++)
        {
            var (status, body) = await GetAsync("replica/request", gateway);
            Assert.Equal(HttpStatusCode.OK, status);
            ports.Add(PortOf(body));
        }

        await stop.CancelAsync();
        await occupying;
        await shop.Backend.KillApiAsync(Overloaded);
        // Between two requests that occupy it, the replica may serve a few.
        Assert.InRange(ports.Count(port => port == shop.Backend.AddressOf(0).Port), 90, 100);
    }

    [SkippableFact]
    public async Task A_read_that_is_refused_after_a_long_time_is_not_repeated()
    {
        var (status, _) = await GetAsync("replica/refuse-late");

        Assert.Equal(HttpStatusCode.ServiceUnavailable, status);
        Assert.Equal(1, await CountAsync("replica/refused-late"));
    }

    [SkippableFact]
    public async Task Retries_are_limited_to_a_fifth_of_the_requests_while_all_replicas_refuse()
    {
        const int Requests = 1000;
        const int Burst = 100;
        await using var gateway = await shop.StartGatewayAsync(Enumerable.Range(0, GatewayFixture.Replicas));
        await gateway.WaitForReplicasAsync(GatewayFixture.Replicas);
        for (var number = 0; number < Requests; number++)
        {
            var (status, _) = await GetAsync("replica/refuse", gateway);
            Assert.Equal(HttpStatusCode.ServiceUnavailable, status);
        }

        var refused = await CountAsync("replica/refused");
        output.WriteLine($"{Requests} requests, {refused} attempts");
        Assert.InRange(refused, Requests + Burst, Requests + (Requests / 5) + Burst);
    }

    [SkippableFact]
    public async Task Graceful_shutdown_of_a_gateway_fails_no_request()
    {
        var product = await shop.Backend.GetProductIdAsync();
        // The load balancer probes the port of the requests.
        (string, string) probes = ("Health__Port", "0");
        await using var other = await shop.StartGatewayAsync([0, 1], probes);
        await using var stopping = await shop.StartGatewayAsync([0, 1], probes, ("Shutdown__DrainDelay", "00:00:10"));
        await using var load = new BalancedLoad([other.Address, stopping.Address], product);
        await load.WaitForResponsesAsync(Sample);

        Assert.Equal(0, await stopping.StopAsync());

        await load.WaitForResponsesAsync(Sample);
        await load.StopAsync();
        Assert.True(load.Failures.IsEmpty, string.Join('\n', load.Failures));
    }

    // The sum over the replicas.
    private async Task<int> CountAsync(string path)
    {
        var counts = await Task.WhenAll(Enumerable.Range(0, GatewayFixture.Replicas)
            .Select(number => client.GetFromJsonAsync<int>(new Uri(shop.Backend.AddressOf(number), path))));
        return counts.Sum();
    }

    private Task WaitUntilUsedAsync(int replica) => shop.Gateway.WaitUntilAsync(async () =>
        await GetAsync("replica/request") is (HttpStatusCode.OK, var body) && PortOf(body) == shop.Backend.AddressOf(replica).Port);

    private async Task AssertReadsSucceedAsync(int count)
    {
        var responses = await Task.WhenAll(Enumerable.Range(0, count).Select(_ => GetAsync("replica/request")));
        Assert.All(responses, response => Assert.Equal(HttpStatusCode.OK, response.Status));
    }

    private static async Task OccupyAsync(Uri replica, CancellationToken cancellationToken)
    {
        using var client = new HttpClient();
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                using var response = await client.GetAsync(new Uri(replica, "replica/slow"), cancellationToken);
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }

    private static int PortOf(string body) => JsonElement.Parse(body).GetProperty("replica").GetInt32();

    private Task<(HttpStatusCode Status, string Body)> GetAsync(string path, GatewayProcess? gateway = null) => GetAsync(path, (gateway ?? shop.Gateway).Address);

    private async Task<(HttpStatusCode Status, string Body)> GetAsync(string path, Uri server)
    {
        using var response = await client.GetAsync(new Uri(server, path));
        return (response.StatusCode, await response.Content.ReadAsStringAsync());
    }

    // Repeats the requests that failed, as their senders do.
    private static async Task AssertEachKeyHasOneOrderAsync(MixedLoad load)
    {
        var orders = new List<Guid>();
        foreach (var (key, (order, outcome)) in load.Orders)
        {
            var (repeated, repeatedOutcome) = order is null ? await load.PlaceAsync(key) : (order, outcome);
            Assert.Equal("202", repeatedOutcome);
            orders.Add(repeated!.Value);
        }

        Assert.Equal(orders.Order(), (await load.GetOrdersAsync()).Order());
    }
}
