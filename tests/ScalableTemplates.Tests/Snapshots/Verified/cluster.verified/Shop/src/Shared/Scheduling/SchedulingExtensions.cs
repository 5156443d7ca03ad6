using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Shop.Shared.Scheduling;

public static class SchedulingExtensions
{
    /// <summary>Registers a job that runs at an interval, in one replica at a time. The first run starts immediately.</summary>
    /// <param name="name">Identifies the job and its lease, so it is the same in every process.</param>
    /// <param name="interval">From the end of one run to the start of the next; at least one second.</param>
    public static void AddRecurringJob<TJob>(this IServiceCollection services, string name, TimeSpan interval)
        where TJob : class, IRecurringJob
    {
        services.TryAddSingleton(TimeProvider.System);
        services.AddScoped<TJob>();
        services.AddSingleton(new RecurringJobRegistration(name, interval, typeof(TJob)));
        if (services.Any(service => service.ServiceType == typeof(RecurringJobHealthCheck)))
        {
            return;
        }

        services.AddHostedService<RecurringJobScheduler>();
        services.AddSingleton<RecurringJobHealthCheck>();
        services.AddHealthChecks().AddCheck<RecurringJobHealthCheck>("recurring-jobs", HealthStatus.Degraded);
        services.AddOpenTelemetry().WithMetrics(metrics => metrics.AddMeter(RecurringJobHealthCheck.MeterName));
    }
}
