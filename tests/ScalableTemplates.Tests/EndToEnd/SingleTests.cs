using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using Microsoft.Data.Sqlite;
using ScalableTemplates.Tests.Infrastructure;

namespace ScalableTemplates.Tests.EndToEnd;

/// <summary>The single stage: one process and a database file.</summary>
[Collection("End to end")]
public sealed class SingleTests : IAsyncLifetime
{
    private readonly string database = $"Data Source={Path.Combine(TempFolder.Create("sqlite"), "app.db")}";
    private Backend backend = null!;

    public async Task InitializeAsync()
    {
        var solution = await BuiltSolution.GetAsync(TemplateOptions.Single);
        backend = new Backend(solution, new Dictionary<string, string> { ["database"] = database });
        await backend.StartApiAsync();
    }

    public async Task DisposeAsync() => await backend.DisposeAsync();

    [Fact]
    public async Task An_order_is_processed_to_completion()
    {
        var order = await backend.PlaceOrderAsync("card");

        await backend.WaitForStatusAsync(order, "Confirmed");
        Assert.Contains("ada@example.com", await File.ReadAllTextAsync(Assert.Single(backend.MailsOf(order))), StringComparison.Ordinal);
        Assert.Equal("wal", await QueryAsync("PRAGMA journal_mode"));
    }

    [Fact]
    public async Task A_declined_payment_rejects_the_order_with_the_reason()
    {
        var order = await backend.PlaceOrderAsync("card-declined");

        await backend.WaitForStatusAsync(order, "Rejected");
        Assert.Equal("The card was declined.", (await backend.GetOrderAsync(order)).GetProperty("reason").GetString());
        Assert.Empty(backend.MailsOf(order));
    }

    [Fact]
    public async Task Requests_get_503_while_another_program_locks_the_database_file_and_succeed_afterwards()
    {
        var product = await backend.GetProductIdAsync();
        using var client = new HttpClient { BaseAddress = backend.Address };
        await using var other = new SqliteConnection(database + ";Pooling=false");
        await other.OpenAsync();
        await using (var command = other.CreateCommand())
        {
            command.CommandText = "BEGIN EXCLUSIVE";
            await command.ExecuteNonQueryAsync();
        }

        await backend.WaitUntilAsync(async () => await GetHealthAsync() == "Unhealthy");
        var clock = Stopwatch.StartNew();
        using (var response = await PlaceAsync())
        {
            Assert.Equal(HttpStatusCode.ServiceUnavailable, response.StatusCode);
            Assert.NotNull(response.Headers.RetryAfter);
            Assert.True(clock.Elapsed < TimeSpan.FromSeconds(15), $"{clock.Elapsed}");
        }

        await other.CloseAsync();
        await backend.WaitUntilAsync(async () => await GetHealthAsync() == "Healthy");
        using var placed = await PlaceAsync();
        Assert.Equal(HttpStatusCode.Accepted, placed.StatusCode);

        async Task<string> GetHealthAsync() => await (await client.GetAsync(new Uri("health", UriKind.Relative))).Content.ReadAsStringAsync();

        async Task<HttpResponseMessage> PlaceAsync()
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, "v1/orders");
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", Token.Create());
            request.Headers.Add("Idempotency-Key", Guid.NewGuid().ToString());
            request.Content = JsonContent.Create(new { Email = "ada@example.com", PaymentMethod = "card", Lines = new[] { new { ProductId = product, Quantity = 1 } } });
            return await client.SendAsync(request);
        }
    }

    [Fact]
    public async Task A_process_killed_mid_message_confirms_the_order_once_after_its_restart()
    {
        await using var provider = new PaymentProvider(isHeld: true);
        await backend.KillApiAsync();
        backend.UsePaymentProvider(provider.Address);
        await backend.StartApiAsync();
        var order = await backend.PlaceOrderAsync("card");
        await provider.FirstRequest.WaitAsync(Daemon.WaitTimeout);
        Assert.Equal("Pending", await backend.GetStatusAsync(order));

        await backend.KillApiAsync();
        provider.Release();
        await backend.StartApiAsync();

        await backend.WaitForStatusAsync(order, "Confirmed");
        Assert.Equal(order, Assert.Single(provider.Charges));
        Assert.Single(backend.MailsOf(order));
        Assert.Equal("2", await QueryAsync("SELECT count(*) FROM inbox_messages"));
        Assert.Equal("0", await QueryAsync("SELECT count(*) FROM outbox_messages"));
    }

    [Fact]
    public async Task A_redelivered_message_has_no_second_effect()
    {
        var order = await backend.PlaceOrderAsync("card");
        await backend.WaitForStatusAsync(order, "Confirmed");
        File.Delete(Assert.Single(backend.MailsOf(order)));
        // A handled message is deleted after its effects are committed.
        await backend.WaitUntilAsync(async () => await QueryAsync("SELECT count(*) FROM outbox_messages") == "0");

        var now = DateTimeOffset.UtcNow.UtcTicks.ToString(CultureInfo.InvariantCulture);
        await QueryAsync($$"""
            INSERT INTO outbox_messages (id, type, body, created_at, due_at, attempts)
            SELECT message_id, 'orders.paid', '{"orderId":"{{order}}"}', {{now}}, {{now}}, 0
            FROM inbox_messages WHERE consumer = 'send-confirmation'
            """);

        await backend.WaitUntilAsync(async () => await QueryAsync("SELECT count(*) FROM outbox_messages") == "0");
        Assert.Empty(backend.MailsOf(order));
    }

    [Fact]
    public async Task A_temporary_outage_of_the_payment_provider_delays_the_order_which_is_charged_once()
    {
        // One more than the attempts of one HTTP call, so that the message itself is retried.
        await using var provider = new PaymentProvider(failures: 5);
        await backend.KillApiAsync();
        backend.UsePaymentProvider(provider.Address);
        await backend.StartApiAsync();

        var order = await backend.PlaceOrderAsync("card");

        await backend.WaitForStatusAsync(order, "Confirmed");
        Assert.Equal(order, Assert.Single(provider.Charges));
        Assert.Equal(0, provider.Repeats);
    }

    [Fact]
    public async Task All_requests_of_the_http_file_succeed_in_order() =>
        await HttpFile.RunAsync(
            Path.Combine(await BuiltSolution.GetAsync(TemplateOptions.Single), "src", "Api", "Api.http"),
            new Dictionary<string, string> { ["host"] = backend.Address.ToString().TrimEnd('/'), ["token"] = Token.Create() });

    private async Task<string?> QueryAsync(string sql)
    {
        await using var connection = new SqliteConnection(database + ";Pooling=False");
        await connection.OpenAsync();
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        return Convert.ToString(await command.ExecuteScalarAsync(), CultureInfo.InvariantCulture);
    }
}
