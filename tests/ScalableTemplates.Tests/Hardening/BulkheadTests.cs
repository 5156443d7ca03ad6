using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Net.Sockets;
using Npgsql;
using ScalableTemplates.Tests.EndToEnd;
using ScalableTemplates.Tests.Infrastructure;

namespace ScalableTemplates.Tests.Hardening;

/// <summary>Requests that wait for the database do not block other requests, and one client does not block others.</summary>
[Collection("Hardening")]
public sealed class BulkheadTests(ServersFixture servers)
{
    [SkippableFact]
    public async Task Cached_reads_are_served_while_150_clients_wait_for_the_database()
    {
        Skip.If(ServersFixture.Missing is not null, ServersFixture.Missing);
        var connectionStrings = await servers.GetConnectionStringsAsync();
        await using var backend = await StartAsync(connectionStrings);
        var product = await backend.GetProductIdAsync();
        using var client = CreateClient(backend, "127.0.0.1");
        Assert.Equal(HttpStatusCode.OK, await GetAsync(client, $"v1/products/{product}"));
        await using var source = NpgsqlDataSource.Create(connectionStrings["database"]);
        await using var connection = await source.OpenConnectionAsync();
        await using var transaction = await LockOrdersAsync(connection);

        var waiting = Enumerable.Range(0, 150).Select(_ => GetAsync(client, "v1/orders")).ToList();
        var reads = new List<HttpStatusCode>();
        while (!waiting.TrueForAll(request => request.IsCompleted))
        {
            reads.Add(await GetAsync(client, $"v1/products/{product}"));
        }

        Assert.All(await Task.WhenAll(waiting), status => Assert.Equal(HttpStatusCode.ServiceUnavailable, status));
        Assert.True(reads.Count > 10, $"{reads.Count}");
        Assert.All(reads, status => Assert.Equal(HttpStatusCode.OK, status));
    }

    [SkippableFact]
    public async Task One_client_cannot_exhaust_the_concurrency_limit()
    {
        Skip.If(ServersFixture.Missing is not null, ServersFixture.Missing);
        var connectionStrings = await servers.GetConnectionStringsAsync();
        await using var backend = await StartAsync(connectionStrings, ("LoadShedding__MaxConcurrentWrites", "4"));
        var product = await backend.GetProductIdAsync();
        using var greedy = CreateClient(backend, "127.0.0.1");
        using var other = CreateClient(backend, "127.0.0.2");
        await using var source = NpgsqlDataSource.Create(connectionStrings["database"]);
        await using var connection = await source.OpenConnectionAsync();
        await using var transaction = await LockOrdersAsync(connection);

        var placing = Enumerable.Range(0, 20).Select(_ => PlaceAsync(greedy, product)).ToList();
        var changes = new List<HttpStatusCode>();
        while (!placing.TrueForAll(request => request.IsCompleted))
        {
            changes.Add(await ChangePriceAsync(other, product));
        }

        Assert.True(changes.Count > 10, $"{changes.Count}");
        Assert.All(changes, status => Assert.Equal(HttpStatusCode.NoContent, status));
        Assert.All(await Task.WhenAll(placing), status => Assert.Equal(HttpStatusCode.ServiceUnavailable, status));
    }

    [SkippableFact]
    public async Task Requests_aborted_by_clients_are_not_logged_as_errors()
    {
        Skip.If(ServersFixture.Missing is not null, ServersFixture.Missing);
        var connectionStrings = await servers.GetConnectionStringsAsync();
        await using var backend = await StartAsync(connectionStrings);
        var product = await backend.GetProductIdAsync();
        await using var source = NpgsqlDataSource.Create(connectionStrings["database"]);
        await using var connection = await source.OpenConnectionAsync();
        var transaction = await LockOrdersAsync(connection);
        using (var client = CreateClient(backend, "127.0.0.1"))
        {
            client.Timeout = TimeSpan.FromSeconds(3);
            var requests = Enumerable.Range(0, 60).Select(number => number % 2 == 0 ? PlaceAsync(client, product) : GetAsync(client, "v1/orders")).ToList();
            foreach (var request in requests)
            {
                await Record.ExceptionAsync(() => request);
            }
        }

        await transaction.DisposeAsync();
        await backend.WaitForStatusAsync(await backend.PlaceOrderAsync("card"), "Pending");
        var log = backend.Api.Log;
        Assert.DoesNotContain("fail:", log, StringComparison.Ordinal);
        Assert.DoesNotContain("crit:", log, StringComparison.Ordinal);
    }

    private static async Task<Backend> StartAsync(IReadOnlyDictionary<string, string> connectionStrings, params (string Name, string Value)[] settings)
    {
        var backend = new Backend(await BuiltSolution.GetAsync(TemplateOptions.Services.With(Dimension.Orchestrator, "none")), connectionStrings);
        Array.ForEach(settings, setting => backend.Set(setting.Name, setting.Value));
        await backend.MigrateAsync();
        await backend.StartApiAsync();
        return backend;
    }

    private static async Task<NpgsqlTransaction> LockOrdersAsync(NpgsqlConnection connection)
    {
        var transaction = await connection.BeginTransactionAsync();
        await using var command = new NpgsqlCommand("LOCK TABLE orders IN ACCESS EXCLUSIVE MODE", connection);
        await command.ExecuteNonQueryAsync();
        return transaction;
    }

    // Every address in 127.0.0.0/8 is a loopback address, so each client can have one of its own.
    private static HttpClient CreateClient(Backend backend, string address)
    {
        var client = new HttpClient(new SocketsHttpHandler
        {
            ConnectCallback = async (context, cancellationToken) =>
            {
                var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
                socket.Bind(new IPEndPoint(IPAddress.Parse(address), 0));
                await socket.ConnectAsync(context.DnsEndPoint.Host, context.DnsEndPoint.Port, cancellationToken);
                return new NetworkStream(socket, ownsSocket: true);
            },
        })
        {
            BaseAddress = backend.Address,
            Timeout = Daemon.WaitTimeout,
        };
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Token.Create());
        return client;
    }

    private static async Task<HttpStatusCode> GetAsync(HttpClient client, string path)
    {
        using var response = await client.GetAsync(path);
        return response.StatusCode;
    }

    private static async Task<HttpStatusCode> PlaceAsync(HttpClient client, Guid product)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "v1/orders");
        request.Headers.Add("Idempotency-Key", Guid.NewGuid().ToString());
        request.Content = JsonContent.Create(new { Email = "ada@example.com", PaymentMethod = "card", Lines = new[] { new { ProductId = product, Quantity = 1 } } });
        using var response = await client.SendAsync(request);
        return response.StatusCode;
    }

    private static async Task<HttpStatusCode> ChangePriceAsync(HttpClient client, Guid product)
    {
        using var request = new HttpRequestMessage(HttpMethod.Put, $"v1/products/{product}/price") { Content = JsonContent.Create(new { Price = 5 }) };
        request.Headers.Add("If-Match", "*");
        using var response = await client.SendAsync(request);
        return response.StatusCode;
    }
}
