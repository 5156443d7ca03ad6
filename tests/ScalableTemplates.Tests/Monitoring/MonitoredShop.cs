using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using Npgsql;
using ScalableTemplates.Tests.EndToEnd;
using ScalableTemplates.Tests.Infrastructure;
using Xunit.Sdk;

namespace ScalableTemplates.Tests.Monitoring;

/// <summary>Runs the API and the worker with a standby, and what makes them record every metric: failures, overload and an outage.</summary>
public sealed class MonitoredShop(ServersFixture servers) : IAsyncLifetime
{
    private static readonly TemplateOptions Options =
        TemplateOptions.Services.With(Dimension.Orchestrator, "none").With(Dimension.Replica, "streaming");

    private readonly PostgresServer primary = new();
    private readonly PaymentProvider payments = new();
    private readonly Socket mails = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private readonly HttpClient client = new();
    private PostgresServer? standby;
    private Backend? backend;

    private CollectorStandIn Collector { get; } = new();

    /// <summary>Scrapes the Collector and RabbitMQ with the configuration and the rules of the cluster stage.</summary>
    internal PrometheusServer Prometheus { get; } = new();

    /// <summary>The latest value of every series that the services sent.</summary>
    internal IReadOnlyCollection<Sample> Samples => Collector.Samples;

    /// <summary>The reason to skip the tests; null if all programs are installed.</summary>
    internal static string? Missing => ServersFixture.Missing ?? PromTool.Missing;

    public async Task InitializeAsync()
    {
        if (Missing is not null)
        {
            return;
        }

        var solution = BuiltSolution.GetAsync(Options);
        await Prometheus.StartAsync((await MonitoringOutput.ClusterAsync).Folder, Collector.Port, servers.BrokerMetricsPort);
        await Task.WhenAll(solution, primary.StartAsync());
        standby = await primary.StartStandbyAsync();
        var database = await primary.CreateDatabaseAsync();
        var connectionStrings = await servers.GetConnectionStringsAsync();
        connectionStrings["database"] = database;
        connectionStrings["replica"] = standby.ConnectionString(new NpgsqlConnectionStringBuilder(database).Database!);
        backend = new Backend(await solution, connectionStrings);
        foreach (var (name, value) in Collector.Receiver.Settings)
        {
            backend.Set(name, value);
        }

        backend.Set("OTEL_METRIC_EXPORT_INTERVAL", "2000");
        backend.UsePaymentProvider(payments.Address);
        // Refuses connections, so confirmations are retried once and dead-lettered, and the circuit breaker opens.
        mails.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        backend.Set("Mail__Server", $"smtp://{mails.LocalEndPoint}");
        backend.Set("Messaging__RetryDelays__0", "00:00:01");
        backend.Set("LoadShedding__MaxConcurrentReads", "1");
        backend.Set("LoadShedding__MaxQueueLength", "1");
        backend.Set("RateLimiting__Plans__premium__RequestsPerMinute", "60");
        backend.Set("RateLimiting__Plans__premium__Burst", "5");
        await backend.MigrateAsync();
        await Task.WhenAll(backend.StartApiAsync(), backend.StartWorkerAsync());
        await HandleMessagesAsync(database);
        await OverloadAsync();
        await standby.KillAsync();
        await ReadUntilAsync("database_reads_total", "reason", "down");
    }

    public async Task DisposeAsync()
    {
        await Prometheus.DisposeAsync();
        await (backend?.DisposeAsync() ?? ValueTask.CompletedTask);
        await (standby?.DisposeAsync() ?? ValueTask.CompletedTask);
        await primary.DisposeAsync();
        await payments.DisposeAsync();
        mails.Dispose();
        client.Dispose();
        Collector.Dispose();
    }

    private bool HasReceived(string metric, string label, string value) =>
        Collector.Samples.Any(sample => sample.Name == metric && sample.Labels.GetValueOrDefault(label) == value);

    private async Task HandleMessagesAsync(string database)
    {
        var order = Guid.Empty;
        foreach (var _ in Enumerable.Range(0, 4))
        {
            await backend!.WaitUntilAsync(async () =>
            {
                order = await TryAsync(() => backend.PlaceOrderAsync("card"));
                return order != Guid.Empty;
            });
        }

        await backend!.WaitUntilAsync(async () => await TryAsync(() => backend.GetStatusAsync(order)) == "Paid");
        // Once the entry has expired in L1, it comes from Redis.
        await backend.WaitUntilAsync(async () =>
        {
            await TryAsync(async () => await backend.GetPriceAsync(await backend.GetProductIdAsync()));
            return HasReceived("fusioncache_distributed_hit_total", "job", "Shop.Api") && HasReceived("fusioncache_cache_hit_total", "job", "Shop.Api");
        });
        await using var connection = new NpgsqlConnection(database);
        await connection.OpenAsync();
        // A message that was handled before, and one that no queue is bound to.
        await using var command = new NpgsqlCommand(
            """
            INSERT INTO outbox_messages (id, type, body, created_at, due_at, attempts)
            SELECT message_id, 'orders.placed', '{}', now(), now(), 0 FROM inbox_messages WHERE consumer = 'charge-payment' LIMIT 1;
            INSERT INTO outbox_messages (id, type, body, created_at, due_at, attempts) VALUES (@id, 'tests.unrouted', '{}', now(), now(), 0)
            """,
            connection);
        command.Parameters.AddWithValue("id", Guid.CreateVersion7());
        await command.ExecuteNonQueryAsync();
        await backend.WaitUntilAsync(() => Task.FromResult(
            HasReceived("messaging_dead_letters_total", "messaging_destination_name", "send-confirmation")
            && HasReceived("messaging_duplicates_total", "messaging_destination_name", "charge-payment")
            && HasReceived("messaging_unrouted_total", "messaging_rabbitmq_destination_routing_key", "tests.unrouted")));
    }

    private async Task OverloadAsync()
    {
        await backend!.WaitUntilAsync(async () =>
        {
            await Task.WhenAll(Enumerable.Range(0, 30).Select(_ => GetAsync("v1/products", plan: null)));
            await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => GetAsync("v1/products?limit=1", plan: "premium")));
            return HasReceived("load_shedding_rejected_requests_total", "bulkhead", "reads")
                && HasReceived("aspnetcore_rate_limiting_requests_total", "aspnetcore_rate_limiting_result", "global_limiter");
        });
    }

    // On a busy machine, the bulkhead of one rejects requests, and the database exceeds its timeouts.
    private static async Task<T?> TryAsync<T>(Func<Task<T>> request)
    {
        try
        {
            return await request();
        }
        catch (Exception exception) when (exception is HttpRequestException or XunitException)
        {
            return default;
        }
    }

    private Task ReadUntilAsync(string metric, string label, string value) => backend!.WaitUntilAsync(async () =>
    {
        await GetAsync("v1/products", plan: null);
        return HasReceived(metric, label, value);
    });

    private async Task GetAsync(string path, string? plan)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(backend!.Address, path));
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", Token.Create(plan is null ? "ada" : "bob", plan: plan));
        using var response = await client.SendAsync(request);
    }
}
