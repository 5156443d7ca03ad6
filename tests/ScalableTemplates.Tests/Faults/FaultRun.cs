using System.Diagnostics;
using System.Globalization;
using ScalableTemplates.Tests.EndToEnd;

namespace ScalableTemplates.Tests.Faults;

/// <summary>Runs the services stage as separate processes on dedicated servers, under a constant load of orders while a fault is injected.</summary>
internal sealed partial class FaultRun : IAsyncDisposable
{
    // FAULT_ORDERS and FAULT_RATE increase the load, for the figures of docs/fault-tests.md.
    public static readonly int MinOrders =
        int.TryParse(Environment.GetEnvironmentVariable("FAULT_ORDERS"), CultureInfo.InvariantCulture, out var orders) ? orders : 400;

    private static readonly TimeSpan Before = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan After = TimeSpan.FromSeconds(5);

    // Much longer than the longest retry delay. The run ends earlier if all orders are confirmed.
    private static readonly TimeSpan DrainTimeout = TimeSpan.FromMinutes(3);

    // The number of accepted orders that proves availability during a fault.
    private const int AvailabilitySample = 20;

    private readonly PaymentProvider payments = new();
    private readonly MailServer mails = new();
    private readonly int apis;
    private readonly int workers;
    private Backend? backend;
    private PostgresServer? standby;
    private OrderLoad? load;
    private ConfirmationWatch? watch;

    private FaultRun(int apis, int workers)
    {
        this.apis = apis;
        this.workers = workers;
    }

    // What a former primary needs in order to follow its successor.
    public PostgresServer Postgres { get; } = new("wal_log_hints=on", "wal_keep_size=512MB");

    public PostgresServer Standby => standby!;

    public RedisServer Redis { get; } = new();

    public RabbitMqServer RabbitMq { get; } = new();

    public Backend Backend => backend!;

    public OrderLoad Load => load!;

    public PaymentProvider Payments => payments;

    /// <summary>The connection string by which the test itself reads the orders.</summary>
    public string Database { get; set; } = "";

    /// <summary>The connection strings of the services.</summary>
    public Dictionary<string, string> ConnectionStrings { get; } = [];

    /// <summary>Environment variables of the services.</summary>
    public Dictionary<string, string> Settings { get; } = [];

    /// <summary>Accepted orders that the fault may lose.</summary>
    public HashSet<Guid> Lost { get; } = [];

    /// <summary>Places orders, injects <paramref name="fault"/> meanwhile, and waits until all orders are processed.</summary>
    public async Task<FaultReport> RunAsync(Func<FaultRun, Task> fault)
    {
        var product = await GetProductIdAsync();
        await using var confirmations = watch = new ConfirmationWatch(Database);
        load = await OrderLoad.StartAsync(Enumerable.Range(0, apis).Select(Backend.AddressOf), product);
        await Task.Delay(Before);
        var clock = Stopwatch.StartNew();
        await fault(this);
        var duration = clock.Elapsed;
        await Task.Delay(After);
        while (load.Placed < MinOrders)
        {
            await Task.Delay(100);
        }

        await load.StopAsync();
        while (watch.Confirmed < load.Accepted.Count - Lost.Count && DateTimeOffset.UtcNow - Max(watch.LastGrowth, load.StoppedAt!.Value) < DrainTimeout)
        {
            await Task.Delay(100);
        }

        await DrainAsync();
        // Stopping the processes returns unacknowledged messages to their queues, where they are counted.
        var exitCodes = await Task.WhenAll(Backend.Running.Select(process => process.StopAsync()));
        var kept = load.Accepted.Where(order => !Lost.Contains(order.Value)).ToDictionary();
        var orders = await Reconciliation.RunAsync(kept, Database, RabbitMq, payments, mails);
        return new FaultReport(orders, load, duration, watch.LongestPause(load.StoppedAt!.Value), payments.Repeats, mails.Repeats, exitCodes);
    }

    /// <summary>Waits until new orders are accepted; fails if they are not.</summary>
    public async Task AcceptOrdersAsync()
    {
        var before = load!.Accepted.Count;
        // Ignores responses to orders that were accepted before the call.
        for (var clock = Stopwatch.StartNew(); load.Accepted.Count < before + AvailabilitySample || clock.Elapsed < TimeSpan.FromSeconds(1);)
        {
            Assert.True(clock.Elapsed < Daemon.WaitTimeout, $"Only {load.Accepted.Count - before} orders were accepted.");
            await Task.Delay(100);
        }
    }

    /// <summary>Waits until an order is confirmed that was not accepted before the call.</summary>
    /// <returns>The duration.</returns>
    public async Task<TimeSpan> ConfirmOrdersAsync()
    {
        var accepted = load!.Accepted.Count;
        var clock = Stopwatch.StartNew();
        while (watch!.Confirmed <= accepted - Lost.Count)
        {
            Assert.True(clock.Elapsed < Daemon.WaitTimeout, $"Only {watch.Confirmed} of {load.Accepted.Count} orders are confirmed.");
            await Task.Delay(20);
        }

        return clock.Elapsed;
    }

    /// <summary>Copies the logs of the processes.</summary>
    public void CopyLogs(string folder)
    {
        Directory.CreateDirectory(folder);
        foreach (var file in Directory.GetFiles(Backend.Logs))
        {
            File.Copy(file, Path.Combine(folder, Path.GetFileName(file)), overwrite: true);
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (backend is not null)
        {
            await backend.DisposeAsync();
        }

        if (standby is not null)
        {
            await standby.DisposeAsync();
        }

        await Postgres.DisposeAsync();
        await Redis.DisposeAsync();
        await RabbitMq.DisposeAsync();
        await payments.DisposeAsync();
        mails.Dispose();
    }

    // On a busy machine, the first request of a process may exceed its timeout.
    private async Task<Guid> GetProductIdAsync()
    {
        for (var clock = Stopwatch.StartNew(); ;)
        {
            try
            {
                return await Backend.GetProductIdAsync();
            }
            catch (HttpRequestException) when (clock.Elapsed < Daemon.WaitTimeout)
            {
                await Task.Delay(100);
            }
        }
    }

    // Redelivered messages may still be queued after all orders are confirmed.
    private async Task DrainAsync()
    {
        var end = DateTimeOffset.UtcNow + DrainTimeout;
        while ((await RabbitMq.GetQueuesAsync()).Values.Any(count => count > 0) && DateTimeOffset.UtcNow < end)
        {
            await Task.Delay(100);
        }
    }

    private static DateTimeOffset Max(DateTimeOffset first, DateTimeOffset second) => first > second ? first : second;
}
