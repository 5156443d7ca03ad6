using Npgsql;
using ScalableTemplates.Tests.Infrastructure;

namespace ScalableTemplates.Tests.EndToEnd;

/// <summary>The outbox as the queue on PostgreSQL, with a separate worker.</summary>
[Collection("End to end")]
public sealed class DatabaseQueueTests : IAsyncLifetime
{
    private const int Orders = 40;

    private static readonly TemplateOptions Options = TemplateOptions.Services
        .With(Dimension.Orchestrator, "none").With(Dimension.Broker, "database").With(Dimension.Cache, "memory");

    // A dedicated server, as it becomes read-only.
    private readonly PostgresServer postgres = new();
    private string database = "";
    private Backend? backend;

    public async Task InitializeAsync()
    {
        if (ServersFixture.Missing is null)
        {
            await postgres.StartAsync();
            database = await postgres.CreateDatabaseAsync();
            // As many connections as messages that a process handles concurrently.
            backend = new Backend(await BuiltSolution.GetAsync(Options), new Dictionary<string, string> { ["database"] = $"{database};Maximum Pool Size=8" });
            await backend.MigrateAsync();
            await backend.StartApiAsync();
        }
    }

    public async Task DisposeAsync()
    {
        await (backend?.DisposeAsync() ?? ValueTask.CompletedTask);
        await postgres.DisposeAsync();
    }

    [SkippableFact]
    public async Task As_many_concurrent_messages_as_connections_consume_no_attempts()
    {
        Skip.If(backend is null, ServersFixture.Missing);
        var orders = await PlaceOrdersAsync();

        await backend!.StartWorkerAsync();

        await WaitUntilConfirmedAsync(orders);
        Assert.DoesNotContain(" failed on message ", backend.WorkerLog, StringComparison.Ordinal);
        Assert.DoesNotContain("Message handling paused", backend.WorkerLog, StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task While_the_database_is_read_only_no_payment_is_charged_and_no_attempt_is_consumed()
    {
        Skip.If(backend is null, ServersFixture.Missing);
        await using var provider = new PaymentProvider();
        backend!.UsePaymentProvider(provider.Address);
        var orders = await PlaceOrdersAsync();
        await ExecuteAsync("ALTER SYSTEM SET default_transaction_read_only = on");
        await ExecuteAsync("SELECT pg_reload_conf()");

        await backend.StartWorkerAsync("Degraded");
        await backend.WaitUntilAsync(() => Task.FromResult(backend.WorkerLog.Contains("Message handling paused", StringComparison.Ordinal)));
        await Task.Delay(TimeSpan.FromSeconds(10));
        Assert.Empty(provider.Charges);

        await ExecuteAsync("SET default_transaction_read_only = off; ALTER SYSTEM RESET default_transaction_read_only");
        await ExecuteAsync("SELECT pg_reload_conf()");
        await WaitUntilConfirmedAsync(orders);
        Assert.Equal(Orders, provider.Charges.Count());
        Assert.Equal(0, provider.Repeats);
        Assert.DoesNotContain(" failed on message ", backend.WorkerLog, StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task A_message_type_without_a_handler_is_logged_once_and_blocks_nothing()
    {
        Skip.If(backend is null, ServersFixture.Missing);
        await backend!.StartWorkerAsync();
        await ExecuteAsync("""
            INSERT INTO outbox_messages (id, type, body, created_at, due_at, attempts)
            SELECT gen_random_uuid(), 'tests.unheard', '{}', now(), now() - interval '2 minutes', 0 FROM generate_series(1, 20)
            """);

        await backend.WaitUntilAsync(async () => await backend.GetWorkerHealthAsync() == "Degraded");
        await backend.WaitUntilAsync(() => Task.FromResult(LinesAboutUnhandled().Any()));
        await backend.WaitForStatusAsync(await backend.PlaceOrderAsync("card"), "Confirmed");
        await Task.Delay(TimeSpan.FromSeconds(10));
        Assert.Single(LinesAboutUnhandled());

        await ExecuteAsync("DELETE FROM outbox_messages WHERE type = 'tests.unheard'");
        await backend.WaitUntilAsync(async () => await backend.GetWorkerHealthAsync() == "Healthy");

        IEnumerable<string> LinesAboutUnhandled() => backend.WorkerLog.Split('\n').Where(line => line.Contains("Messages of type tests.unheard", StringComparison.Ordinal));
    }

    private async Task<List<Guid>> PlaceOrdersAsync()
    {
        var orders = new List<Guid>();
        for (var i = 0; i < Orders; i++)
        {
            orders.Add(await backend!.PlaceOrderAsync("card"));
        }

        return orders;
    }

    private async Task WaitUntilConfirmedAsync(List<Guid> orders)
    {
        foreach (var order in orders)
        {
            await backend!.WaitForStatusAsync(order, "Confirmed");
        }
    }

    private async Task ExecuteAsync(string sql)
    {
        await using var connection = new NpgsqlConnection(database + ";Pooling=false");
        await connection.OpenAsync();
        foreach (var statement in sql.Split("; "))
        {
            await using var command = new NpgsqlCommand(statement, connection);
            await command.ExecuteNonQueryAsync();
        }
    }
}
