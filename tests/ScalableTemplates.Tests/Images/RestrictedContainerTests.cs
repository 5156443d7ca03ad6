using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Npgsql;
using ScalableTemplates.Tests.EndToEnd;
using ScalableTemplates.Tests.Hardening;
using ScalableTemplates.Tests.Infrastructure;
using Xunit.Abstractions;

namespace ScalableTemplates.Tests.Images;

/// <summary>All services run as an unprivileged user, without a writable file system except for /tmp, and within the documented memory.</summary>
[Collection("Images")]
public sealed class RestrictedContainerTests(PublishedImages images, ServersFixture servers, ITestOutputHelper output) : IAsyncLifetime
{
    // Below the limit of 1 MiB, and above the size from which the API buffers bodies in files.
    private const int LargeBody = 900 * 1024;

    private const int LargeClients = 8;

    private static readonly TimeSpan Load = TimeSpan.FromSeconds(10);

    private readonly HttpClient client = new();
    private RestrictedSystem? system;

    public async Task InitializeAsync()
    {
        if (Missing is null)
        {
            system = new RestrictedSystem(images, await servers.GetConnectionStringsAsync());
            client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", system.Identities.CreateToken());
        }
    }

    public async Task DisposeAsync()
    {
        await (system?.DisposeAsync() ?? ValueTask.CompletedTask);
        client.Dispose();
    }

    private static string? Missing => ServersFixture.Missing ?? Container.Missing;

    [SkippableFact]
    public async Task Orders_with_large_bodies_are_processed_within_the_memory_limit_under_load()
    {
        Skip.If(system is null, Missing);
        await system!.MigrateAsync();
        var product = await AddProductAsync();
        var containers = new Dictionary<string, Container>();
        foreach (var service in new[] { "Worker", "Api", "Gateway" })
        {
            containers[service] = await system.StartAsync(service);
        }

        client.BaseAddress = system.AddressOf("Gateway");
        var order = await PlaceLargeOrderAsync(product);
        await containers["Worker"].Process.WaitUntilAsync(async () => system.Mails.Orders.Contains(order!.Value) && await GetStatusAsync(order.Value) == "Confirmed");
        Assert.All(containers.Values, AssertIsRestricted);

        using var traffic = new LoadGenerator(client.BaseAddress, new RequestMix(product, system.Identities.CreateToken(), system.Identities.CreateToken("grace")));
        var load = traffic.RunClosedLoopAsync(clients: 16, Load);
        var largeOrders = Task.WhenAll(Enumerable.Range(0, LargeClients).Select(_ => PlaceLargeOrdersAsync(product)));
        var peaks = containers.ToDictionary(container => container.Key, _ => 0);
        for (; !load.IsCompleted || !largeOrders.IsCompleted; await Task.Delay(100))
        {
            peaks = containers.ToDictionary(container => container.Key, container => Math.Max(peaks[container.Key], container.Value.PrivateMemory));
        }

        output.WriteLine($"Load: {await load}; {(await largeOrders).Sum()} orders with large bodies.");
        output.WriteLine($"Peak memory in MiB: {string.Join(", ", peaks)}. Limited by a control group: {containers["Api"].IsLimited}.");
        Findings.AssertNone((await load).Unexpected);
        Assert.NotEqual(0, (await largeOrders).Sum());
        // /tmp is part of the memory of a container, so there must be space for it when it is full.
        Assert.All(peaks.Values, peak => Assert.InRange(peak, 1, Container.Memory - Container.TemporarySpace));
        foreach (var container in containers.Values)
        {
            Assert.Equal(0, await container.Process.StopAsync());
        }
    }

    private static void AssertIsRestricted(Container container)
    {
        Assert.Equal("1654\t1654\t1654\t1654", container.Users);
        Assert.Equal("0000000000000000", container.Capabilities);
        // Buffered bodies have been deleted. The runtime creates the others for diagnostic tools.
        Assert.All(container.TemporaryFiles, file => Assert.Matches("^(clr-debug-pipe|dotnet-diagnostic)-", file));
        Findings.AssertNone(container.Process.Log.Split('\n', StringSplitOptions.RemoveEmptyEntries).Where(line => !line.Contains("\"LogLevel\":\"Information\"", StringComparison.Ordinal)));
    }

    private async Task<Guid> AddProductAsync()
    {
        var id = Guid.CreateVersion7();
        await using var source = NpgsqlDataSource.Create(system!.Database + ";Pooling=false");
        await using var command = source.CreateCommand("INSERT INTO products (id, name, price) VALUES ($1, 'Cup', 5)");
        command.Parameters.Add(new NpgsqlParameter { Value = id });
        await command.ExecuteNonQueryAsync();
        return id;
    }

    /// <returns>The number of orders that were placed.</returns>
    private async Task<int> PlaceLargeOrdersAsync(Guid product)
    {
        var placed = 0;
        for (var clock = Stopwatch.StartNew(); clock.Elapsed < Load;)
        {
            placed += await PlaceLargeOrderAsync(product) is null ? 0 : 1;
        }

        return placed;
    }

    /// <returns>Null if the API is overloaded.</returns>
    private async Task<Guid?> PlaceLargeOrderAsync(Guid product)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "v1/orders");
        request.Headers.Add("Idempotency-Key", Guid.NewGuid().ToString());
        var body = $$"""{"email":"ada@example.com","paymentMethod":"card","lines":[{"productId":"{{product}}","quantity":1}]}""";
        request.Content = new StringContent(body.PadRight(LargeBody), Encoding.UTF8, "application/json");
        using var response = await client.SendAsync(request);
        if (response.StatusCode == HttpStatusCode.ServiceUnavailable)
        {
            return null;
        }

        Assert.Equal(HttpStatusCode.Accepted, response.StatusCode);
        return (await response.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("id").GetGuid();
    }

    private async Task<string?> GetStatusAsync(Guid order) =>
        (await client.GetFromJsonAsync<JsonElement>($"v1/orders/{order}")).GetProperty("status").GetString();
}
