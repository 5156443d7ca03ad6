using System.Text.Json;
using System.Text.RegularExpressions;
using ScalableTemplates.Tests.Infrastructure;

namespace ScalableTemplates.Tests.EndToEnd;

/// <summary>No warnings or errors are logged during a successful start, not even on a busy machine.</summary>
[Collection("Busy machine")]
public sealed partial class QuietStartTests(ServersFixture servers) : IAsyncLifetime
{
    private static readonly TemplateOptions Options = TemplateOptions.Services.With(Dimension.Orchestrator, "none");

    // A dedicated broker, without messages of other tests.
    private readonly RabbitMqServer rabbitMq = new();
    private readonly CancellationTokenSource started = new();
    private Backend? backend;

    public async Task InitializeAsync()
    {
        if (ServersFixture.Missing is null)
        {
            await rabbitMq.StartAsync();
            var connectionStrings = await servers.GetConnectionStringsAsync();
            connectionStrings["broker"] = rabbitMq.ConnectionString;
            backend = new Backend(await BuiltSolution.GetAsync(Options), connectionStrings);
        }
    }

    public async Task DisposeAsync()
    {
        await started.CancelAsync();
        await (backend?.DisposeAsync() ?? ValueTask.CompletedTask);
        await rabbitMq.DisposeAsync();
        started.Dispose();
    }

    [SkippableFact]
    public async Task In_development_the_console_shows_requests_and_orders_but_no_warnings()
    {
        Skip.If(backend is null, ServersFixture.Missing);
        backend!.Set("Logging__LogLevel__Shop", "Debug");

        var order = await RunOrderAsync();

        var log = backend.ReadLogs();
        Findings.AssertNone(log.Split('\n').Where(line => Severe().IsMatch(line)));
        Assert.Contains("POST /v1/orders 202 in ", log, StringComparison.Ordinal);
        Assert.Contains($"Charged 79.80 for order {order}", log, StringComparison.Ordinal);
        Assert.Contains($"Sent the confirmation mail for order {order}", log, StringComparison.Ordinal);
        Assert.DoesNotContain("/health", log, StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task In_production_logs_are_JSON_with_UTC_timestamps_and_contain_no_warnings_or_requests()
    {
        Skip.If(backend is null, ServersFixture.Missing);
        // The Migrator runs in Development, where it adds the sample data.
        await backend!.MigrateAsync();
        Directory.GetFiles(backend.Logs).ToList().ForEach(File.Delete);
        await using var payments = new PaymentProvider();
        backend.UsePaymentProvider(payments.Address);
        backend.Set("ASPNETCORE_ENVIRONMENT", "Production");
        backend.Set("DOTNET_ENVIRONMENT", "Production");
        backend.Set("Health__Port", "0");

        await RunOrderAsync();

        var entries = backend.ReadLogs().Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonSerializer.Deserialize<Entry>(line)!).ToList();
        Findings.AssertNone(entries.Where(entry => entry.LogLevel != "Information" || entry.Message.Contains("/v1/", StringComparison.Ordinal)).Select(entry => entry.Message));
        Assert.Contains(entries, entry => entry.Message.StartsWith("Now listening on", StringComparison.Ordinal));
        Assert.All(entries, entry => Assert.Matches(@"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$", entry.Timestamp));
    }

    /// <summary>Starts all processes on an overloaded machine, with probes that have short timeouts, and waits until an order is confirmed.</summary>
    private async Task<Guid> RunOrderAsync()
    {
        for (var i = 0; i < 2 * Environment.ProcessorCount; i++)
        {
            new Thread(KeepBusy).Start();
        }

        var probing = ProbeAsync();
        await backend!.MigrateAsync();
        await backend.StartApiAsync();
        await backend.StartWorkerAsync();
        var order = await backend.PlaceOrderAsync("card");
        await backend.WaitForStatusAsync(order, "Confirmed");
        await started.CancelAsync();
        await probing;
        Assert.Equal(0, await backend.StopApiAsync(replica: 0));
        Assert.Equal(0, await backend.StopWorkerAsync());
        return order;
    }

    private void KeepBusy()
    {
        while (!started.IsCancellationRequested)
        {
            Thread.SpinWait(1000);
        }
    }

    private async Task ProbeAsync()
    {
        using var client = new HttpClient { BaseAddress = backend!.Address, Timeout = TimeSpan.FromMilliseconds(50) };
        while (!started.IsCancellationRequested)
        {
            try
            {
                await client.GetStringAsync(new Uri("health", UriKind.Relative));
            }
            catch (Exception exception) when (exception is HttpRequestException or TaskCanceledException)
            {
                // Not listening yet, or timed out.
            }

            await Task.Delay(20);
        }
    }

    [GeneratedRegex(@"^(\d\d:\d\d:\d\d )?(warn|fail|crit):|Unhandled exception")]
    private static partial Regex Severe();

    private sealed record Entry(string Timestamp, string LogLevel, string Message);
}

/// <summary>Not parallel: the tests saturate the CPU, which would delay other tests.</summary>
[CollectionDefinition("Busy machine", DisableParallelization = true)]
public sealed class BusyMachine : ICollectionFixture<ServersFixture>;
