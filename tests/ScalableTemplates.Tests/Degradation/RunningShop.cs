using Npgsql;
using NpgsqlTypes;
using ScalableTemplates.Tests.EndToEnd;
using ScalableTemplates.Tests.Faults;
using ScalableTemplates.Tests.Infrastructure;

namespace ScalableTemplates.Tests.Degradation;

/// <summary>Runs the services stage with a standby as separate processes on dedicated servers, with fault injection for each of them.</summary>
public sealed class RunningShop : IAsyncLifetime
{
    private static readonly TemplateOptions Options =
        TemplateOptions.Services.With(Dimension.Orchestrator, "none").With(Dimension.Replica, "streaming");

    // Enough retries that no outage causes dead letters even on a slow machine, with delays short enough for a fast recovery.
    internal static readonly string[] RetryDelays =
        ["00:00:01", "00:00:02", "00:00:03", "00:00:04", "00:00:05", "00:00:06", .. Enumerable.Repeat("00:00:10", 30)];

    private readonly PostgresServer postgres = new();
    private readonly RedisServer redis = new();
    private readonly RabbitMqServer rabbitMq = new($"max_message_size = {MaxMessageBytes}");
    private readonly FaultProxy paymentsProxy;
    private readonly FaultProxy mailsProxy;
    private PostgresServer? standby;
    private Backend? backend;
    private ShopClient? client;

    public RunningShop()
    {
        paymentsProxy = new FaultProxy(Payments.Address);
        mailsProxy = new FaultProxy(Mails.Address);
    }

    /// <summary>The maximum message size of the broker.</summary>
    internal const int MaxMessageBytes = 64 * 1024;

    /// <summary>The message type that may be unrouted.</summary>
    internal const string AllowedUnrouted = "tests.allowed";

    internal Backend Backend
    {
        get
        {
            Skip.If(backend is null, ServersFixture.Missing);
            return backend!;
        }
    }

    internal string Broker => rabbitMq.ConnectionString;

    internal Task<Dictionary<string, int>> GetQueuesAsync() => rabbitMq.GetQueuesAsync();

    /// <summary>The timeout of Redis calls.</summary>
    internal static TimeSpan CacheTimeout { get; } = TimeSpan.FromSeconds(2);

    internal PaymentProvider Payments { get; } = new();

    internal MailServer Mails { get; } = new();

    internal string Database { get; private set; } = "";

    internal ShopClient Client
    {
        get
        {
            Skip.If(client is null, ServersFixture.Missing);
            return client!;
        }
    }

    public async Task InitializeAsync()
    {
        if (ServersFixture.Missing is not null)
        {
            return;
        }

        var solution = BuiltSolution.GetAsync(Options);
        await Task.WhenAll(solution, postgres.StartAsync(), redis.StartAsync(), rabbitMq.StartAsync());
        standby = await postgres.StartStandbyAsync();
        Database = await postgres.CreateDatabaseAsync();
        backend = new Backend(await solution, new Dictionary<string, string>
        {
            ["database"] = Database,
            ["replica"] = standby.ConnectionString(new NpgsqlConnectionStringBuilder(Database).Database!),
            ["cache"] = redis.ConnectionString,
            ["broker"] = rabbitMq.ConnectionString,
        });
        backend.UsePaymentProvider(paymentsProxy.Address);
        backend.Set("Mail__Server", mailsProxy.Address.ToString());
        // Several times the default, so that calls to a healthy Redis do not time out on a busy machine.
        backend.Set("Resilience__cache__Timeout__Timeout", CacheTimeout.ToString());
        // Shorter than the faults, so that hanging calls time out and are retried.
        backend.Set("Resilience__Http__AttemptTimeout__Timeout", "00:00:02");
        backend.Set("Resilience__mail__Timeout__Timeout", "00:00:02");
        backend.Set("Messaging__AllowUnrouted__0", AllowedUnrouted);
        backend.Set("Shutdown__DrainDelay", "00:00:05");
        foreach (var (number, delay) in RetryDelays.Index())
        {
            backend.Set($"Messaging__RetryDelays__{number}", delay);
        }

        await backend.MigrateAsync();
        await Task.WhenAll(backend.StartApiAsync(), backend.StartWorkerAsync());
        client = new ShopClient(backend.Address);
    }

    public async Task DisposeAsync()
    {
        client?.Dispose();
        await (backend?.DisposeAsync() ?? ValueTask.CompletedTask);
        await (standby?.DisposeAsync() ?? ValueTask.CompletedTask);
        await postgres.DisposeAsync();
        await redis.DisposeAsync();
        await rabbitMq.DisposeAsync();
        await paymentsProxy.DisposeAsync();
        await mailsProxy.DisposeAsync();
        await Payments.DisposeAsync();
        Mails.Dispose();
    }

    internal (Func<Task> Inject, Func<Task> Recover) Fault(string dependency, string fault) => (dependency, fault) switch
    {
        ("PostgreSQL", "down") => (postgres.KillAsync, postgres.RunAsync),
        ("PostgreSQL", "hanging") => (postgres.PauseAsync, postgres.ResumeAsync),
        ("PostgreSQL", "refusing") => (() => postgres.SetReadOnlyAsync(true), () => postgres.SetReadOnlyAsync(false)),
        ("RabbitMQ", "refusing") => (rabbitMq.RefuseAsync, rabbitMq.AcceptAsync),
        ("Standby", "down") => (standby!.KillAsync, standby.RunAsync),
        ("Standby", "hanging") => (standby!.PauseAsync, standby.ResumeAsync),
        ("Redis", "down") => (redis.KillAsync, redis.StartAsync),
        ("Redis", "hanging") => (redis.PauseAsync, redis.ResumeAsync),
        ("RabbitMQ", "down") => (rabbitMq.KillAsync, rabbitMq.StartAsync),
        ("RabbitMQ", "hanging") => (rabbitMq.PauseAsync, rabbitMq.ResumeAsync),
        ("Worker", "down") => (() => backend!.KillWorkerAsync(), () => backend!.StartWorkerAsync()),
        ("Worker", "hanging") => (backend!.PauseWorkerAsync, backend.ResumeWorkerAsync),
        ("Payment provider", "down") => (paymentsProxy.CloseAsync, paymentsProxy.OpenAsync),
        ("Payment provider", "hanging") => (paymentsProxy.HangAsync, paymentsProxy.ResumeAsync),
        ("Mail server", "down") => (mailsProxy.CloseAsync, mailsProxy.OpenAsync),
        ("Mail server", "hanging") => (mailsProxy.HangAsync, mailsProxy.ResumeAsync),
        _ => throw new ArgumentException($"{dependency} cannot be {fault}."),
    };

    /// <summary>Adds products that are not in any cache.</summary>
    internal async Task<Guid[]> AddProductsAsync(int count)
    {
        var ids = Enumerable.Range(0, count).Select(_ => Guid.CreateVersion7()).ToArray();
        await using var source = NpgsqlDataSource.Create(Database + ";Pooling=false");
        await using var command = source.CreateCommand("INSERT INTO products (id, name, price) SELECT id, 'Cup', 5 FROM unnest($1) AS id");
        command.Parameters.Add(new NpgsqlParameter { Value = ids });
        await command.ExecuteNonQueryAsync();
        return ids;
    }

    /// <summary>Waits until the standby has replayed all commits of the primary.</summary>
    internal async Task WaitForStandbyAsync()
    {
        await using var source = NpgsqlDataSource.Create(Database + ";Pooling=false");
        await using var command = source.CreateCommand("SELECT EXISTS (SELECT FROM pg_stat_replication WHERE replay_lsn >= $1)");
        await using var flushed = source.CreateCommand("SELECT pg_current_wal_flush_lsn()");
        command.Parameters.Add(new NpgsqlParameter { NpgsqlDbType = NpgsqlDbType.PgLsn, Value = await flushed.ExecuteScalarAsync() });
        await WaitUntilAsync(async () => (bool)(await command.ExecuteScalarAsync())!);
    }

    /// <summary>Waits for a condition. On timeout, the exception shows the log of the worker.</summary>
    internal Task WaitUntilAsync(Func<Task<bool>> condition) => backend!.WaitUntilAsync(condition);

    internal Task<bool> IsInRedisAsync(Guid product) => redis.HasKeyAsync($"{product}");
}
