using Microsoft.Extensions.Diagnostics.HealthChecks;
using Npgsql;
using ScalableBackend.Api.Replica;
using ScalableBackend.ServiceDefaults;
using ScalableBackend.Shared.Data;

namespace ScalableBackend.Api;

internal static class ReadReplicaExtensions
{
    private const string Name = "replica";

    // The timeouts so short that a request which the standby leaves waiting is answered by the primary, within its own.
    private const string Defaults = "Timeout=2;Command Timeout=4;Max Auto Prepare=50;No Reset On Close=true;";

    /// <summary>
    /// Has requests that only read use the standby which the connection string 'replica' names. All other work uses the
    /// primary, which also reads while the standby is down or behind.
    /// </summary>
    public static void AddReadReplica(this IHostApplicationBuilder builder)
    {
        var standby = ConnectionBudget.Apply(Defaults + builder.GetRequiredConnectionString(Name), builder.Configuration);
        var servers = GetServers(standby, builder.GetRequiredConnectionString(ResourceNames.Database));
        builder.Services.AddSingleton(_ => new NpgsqlDataSourceBuilder(servers) { Name = Name }.BuildMultiHost());
        builder.Services.AddHttpContextAccessor();
        builder.Services.AddSingleton<SavedPositionInterceptor>();
        builder.Services.AddSingleton<ContextPools>();
        builder.Services.AddScoped<RequestDatabase>();
        // Takes the place of the context that AddDatabase registers.
        builder.Services.AddScoped(services => services.GetRequiredService<RequestDatabase>().TakeContext());
        builder.Services.AddSingleton<StandbyMonitor>();
        builder.Services.AddHostedService(services => services.GetRequiredService<StandbyMonitor>());
        builder.Services.AddHealthChecks().AddCheck<StandbyMonitor>(Name, HealthStatus.Degraded);
        builder.Services.AddOpenTelemetry().WithMetrics(metrics => metrics.AddMeter(ReplicaTelemetry.Name));
    }

    public static void UseReadReplica(this WebApplication app) => app.UseMiddleware<ReadRouting>();

    /// <summary>For an endpoint that reads and cannot do with a state that is a moment old; one that fills a cache, above all.</summary>
    public static TBuilder ReadFromPrimary<TBuilder>(this TBuilder builder)
        where TBuilder : IEndpointConventionBuilder => builder.WithMetadata(new PrimaryOnly());

    // The standby with the primary after it, for the moments between the standby's end and its being noticed.
    private static string GetServers(string standby, string primary) =>
        new NpgsqlConnectionStringBuilder(standby) { Host = $"{GetHosts(standby)},{GetHosts(primary)}" }.ConnectionString;

    private static string GetHosts(string connectionString)
    {
        var settings = new NpgsqlConnectionStringBuilder(connectionString);
        return string.Join(',', settings.Host!.Split(',').Select(host => host.Contains(':') ? host : $"{host}:{settings.Port}"));
    }
}

internal sealed record PrimaryOnly;
