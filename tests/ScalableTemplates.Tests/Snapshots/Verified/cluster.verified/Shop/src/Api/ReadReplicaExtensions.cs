using Microsoft.Extensions.Diagnostics.HealthChecks;
using Npgsql;
using Shop.Api.Replica;
using Shop.ServiceDefaults;
using Shop.Shared.Data;

namespace Shop.Api;

internal static class ReadReplicaExtensions
{
    private const string Name = "replica";

    // Short timeouts, so that a request can fall back from a hanging standby to the primary within its own timeout.
    private const string Defaults = "Timeout=2;Command Timeout=4;Max Auto Prepare=50;No Reset On Close=true;";

    /// <summary>
    /// Routes read-only requests to the standby in the connection string 'replica'. All other work uses the primary, and so do reads while
    /// the standby is down or lagging.
    /// </summary>
    public static void AddReadReplica(this IHostApplicationBuilder builder)
    {
        var standby = ConnectionBudget.Apply(Defaults + builder.GetRequiredConnectionString(Name), builder.Configuration);
        var servers = GetServers(standby, builder.GetRequiredConnectionString(ResourceNames.Database));
        builder.Services.AddSingleton(_ => new NpgsqlDataSourceBuilder(servers) { Name = Name }.BuildMultiHost());
        builder.Services.AddHttpContextAccessor();
        builder.Services.AddSingleton<FlushLsnInterceptor>();
        builder.Services.AddSingleton<ContextPools>();
        builder.Services.AddScoped<RequestDatabase>();
        // Overrides the context that AddDatabase registers.
        builder.Services.AddScoped(services => services.GetRequiredService<RequestDatabase>().TakeContext());
        builder.Services.AddSingleton<StandbyMonitor>();
        builder.Services.AddHostedService(services => services.GetRequiredService<StandbyMonitor>());
        builder.Services.AddHealthChecks().AddCheck<StandbyMonitor>(Name, HealthStatus.Degraded);
        builder.Services.AddOpenTelemetry().WithMetrics(metrics => metrics.AddMeter(ReplicaTelemetry.Name));
    }

    public static void UseReadReplica(this WebApplication app) => app.UseMiddleware<ReadRoutingMiddleware>();

    /// <summary>Routes an endpoint to the primary, for reads that do not tolerate replication lag, such as those that fill a cache.</summary>
    public static TBuilder ReadFromPrimary<TBuilder>(this TBuilder builder)
        where TBuilder : IEndpointConventionBuilder => builder.WithMetadata(new PrimaryOnly());

    // The primary comes second, as a fallback until the monitor notices that the standby is down.
    private static string GetServers(string standby, string primary) =>
        new NpgsqlConnectionStringBuilder(standby) { Host = string.Join(',', GetHosts(standby).Union(GetHosts(primary))) }.ConnectionString;

    private static IEnumerable<string> GetHosts(string connectionString)
    {
        var settings = new NpgsqlConnectionStringBuilder(connectionString);
        return settings.Host!.Split(',').Select(host => host.Contains(':') ? host : $"{host}:{settings.Port}");
    }
}

internal sealed record PrimaryOnly;
