using Npgsql;
using ScalableTemplates.Tests.EndToEnd;
using ScalableTemplates.Tests.Faults;
using ScalableTemplates.Tests.Infrastructure;

namespace ScalableTemplates.Tests.Degradation;

/// <summary>The services stage with a standby, as separate processes on servers of its own, each of which may be broken and mended.</summary>
public sealed class RunningShop : IAsyncLifetime
{
    private static readonly TemplateOptions Options =
        TemplateOptions.Services.With(Dimension.Orchestrator, "none").With(Dimension.Replica, "streaming");

    // So often that no outage makes dead letters, also on a machine where it lasts minutes, and so soon that nobody waits for what is mended.
    internal static readonly string[] RetryDelays =
        ["00:00:01", "00:00:02", "00:00:03", "00:00:04", "00:00:05", "00:00:06", .. Enumerable.Repeat("00:00:10", 30)];

    private readonly PostgresServer postgres = new();
    private readonly RedisServer redis = new();
    private readonly RabbitMqServer rabbitMq = new($"max_message_size = {MaxMessageBytes}");
    private readonly Gate paymentsGate;
    private readonly Gate mailsGate;
    private PostgresServer? standby;
    private Backend? backend;
    private Customer? customer;

    public RunningShop()
    {
        paymentsGate = new Gate(Payments.Address);
        mailsGate = new Gate(Mails.Address);
    }

    /// <summary>What the broker takes at most.</summary>
    internal const int MaxMessageBytes = 64 * 1024;

    /// <summary>The type of messages that no handler has to take.</summary>
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

    /// <summary>How long a request waits for a Redis that hangs.</summary>
    internal static TimeSpan CacheTimeout { get; } = TimeSpan.FromSeconds(2);

    internal PaymentProvider Payments { get; } = new();

    internal MailServer Mails { get; } = new();

    internal string Database { get; private set; } = "";

    internal Customer Customer
    {
        get
        {
            Skip.If(customer is null, ServersFixture.Missing);
            return customer!;
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
        backend.UsePaymentProvider(paymentsGate.Address);
        backend.Set("Mail__Server", mailsGate.Address.ToString());
        // Several times the default, for a machine with other work to do: a call that a cache in order does not answer in time spoils what is tested.
        backend.Set("Resilience__cache__Timeout__Timeout", CacheTimeout.ToString());
        // Less than a fault lasts here, so that what hangs is given up and tried again.
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
        customer = new Customer(backend.Address);
    }

    public async Task DisposeAsync()
    {
        customer?.Dispose();
        await (backend?.DisposeAsync() ?? ValueTask.CompletedTask);
        await (standby?.DisposeAsync() ?? ValueTask.CompletedTask);
        await postgres.DisposeAsync();
        await redis.DisposeAsync();
        await rabbitMq.DisposeAsync();
        await paymentsGate.DisposeAsync();
        await mailsGate.DisposeAsync();
        await Payments.DisposeAsync();
        Mails.Dispose();
    }

    internal (Func<Task> Break, Func<Task> Mend) Fault(string piece, string fault) => (piece, fault) switch
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
        ("Payment provider", "down") => (paymentsGate.ShutAsync, paymentsGate.OpenAsync),
        ("Payment provider", "hanging") => (paymentsGate.HangAsync, paymentsGate.ResumeAsync),
        ("Mail server", "down") => (mailsGate.ShutAsync, mailsGate.OpenAsync),
        ("Mail server", "hanging") => (mailsGate.HangAsync, mailsGate.ResumeAsync),
        _ => throw new ArgumentException($"{piece} cannot be {fault}."),
    };

    /// <summary>Adds products that nobody has asked for yet.</summary>
    internal async Task<Guid[]> AddProductsAsync(int count)
    {
        var ids = Enumerable.Range(0, count).Select(_ => Guid.CreateVersion7()).ToArray();
        await using var source = NpgsqlDataSource.Create(Database + ";Pooling=false");
        await using var command = source.CreateCommand("INSERT INTO products (id, name, price) SELECT id, 'Cup', 5 FROM unnest($1) AS id");
        command.Parameters.Add(new NpgsqlParameter { Value = ids });
        await command.ExecuteNonQueryAsync();
        return ids;
    }

    /// <summary>Shows the log of the worker if the test waits in vain.</summary>
    internal Task WaitUntilAsync(Func<Task<bool>> isSo) => backend!.WaitUntilAsync(isSo);

    internal Task<bool> IsInRedisAsync(Guid product) => redis.HasKeyAsync($"{product}");
}
