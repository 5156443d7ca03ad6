using Npgsql;
using ScalableTemplates.Tests.EndToEnd;
using ScalableTemplates.Tests.Infrastructure;

namespace ScalableTemplates.Tests.Faults;

/// <summary>Starts the servers and processes of a run.</summary>
internal sealed partial class FaultRun
{
    // PostgreSQL allows 100 connections by default; with a standby, each process has two pools.
    private const int ConnectionsPerProcess = 15;
    private const int ConnectionsPerPool = 10;

    /// <param name="apis">The number of APIs.</param>
    /// <param name="workers">The number of workers.</param>
    /// <param name="hasStandby">Whether the APIs read from a standby.</param>
    /// <param name="arrange">Adds servers and settings before the services start.</param>
    public static async Task<FaultRun> StartAsync(int apis, int workers, bool hasStandby, Func<FaultRun, Task>? arrange = null)
    {
        var run = new FaultRun(apis, workers);
        try
        {
            await run.StartAsync(hasStandby, arrange ?? (_ => Task.CompletedTask));
            return run;
        }
        catch
        {
            await run.DisposeAsync();
            throw;
        }
    }

    private async Task StartAsync(bool hasStandby, Func<FaultRun, Task> arrange)
    {
        var options = TemplateOptions.Services.With(Dimension.Orchestrator, "none");
        var solution = BuiltSolution.GetAsync(hasStandby ? options.With(Dimension.Replica, "streaming") : options);
        await Task.WhenAll(solution, Postgres.StartAsync(), Redis.StartAsync(), RabbitMq.StartAsync());
        Database = await Postgres.CreateDatabaseAsync();
        ConnectionStrings["database"] = $"{Database};Maximum Pool Size={(hasStandby ? ConnectionsPerPool : ConnectionsPerProcess)}";
        ConnectionStrings["cache"] = Redis.ConnectionString;
        ConnectionStrings["broker"] = RabbitMq.ConnectionString;
        if (hasStandby)
        {
            standby = await Postgres.StartStandbyAsync();
            ConnectionStrings["replica"] = standby.ConnectionString(new NpgsqlConnectionStringBuilder(Database).Database!);
        }

        await arrange(this);
        backend = new Backend(await solution, ConnectionStrings);
        backend.UsePaymentProvider(payments.Address);
        backend.Set("Mail__Server", mails.Address.ToString());
        // Long timeouts: on a slow machine, timeouts would cause redeliveries and repeated charges and mails that are not due to the fault.
        backend.Set("Resilience__broker__Timeout__Timeout", "00:02:00");
        backend.Set("Resilience__Http__AttemptTimeout__Timeout", "00:02:00");
        backend.Set("Resilience__Http__TotalRequestTimeout__Timeout", "00:05:00");
        backend.Set("Resilience__Http__CircuitBreaker__SamplingDuration", "00:04:00");
        backend.Set("Resilience__mail__Timeout__Timeout", "00:02:00");
        backend.Set("Messaging__RetryDelays__0", "00:00:01");
        backend.Set("Messaging__RetryDelays__1", "00:00:05");
        backend.Set("Messaging__RetryDelays__2", "00:00:10");
        foreach (var (name, value) in Settings)
        {
            backend.Set(name, value);
        }

        await backend.MigrateAsync();
        await Task.WhenAll(
        [
            .. Enumerable.Range(0, workers).Select(backend.StartWorkerAsync),
            .. Enumerable.Range(0, apis).Select(backend.StartApiAsync),
        ]);
    }
}
