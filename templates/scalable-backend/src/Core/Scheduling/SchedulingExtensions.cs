using Microsoft.Extensions.DependencyInjection.Extensions;

namespace ScalableBackend.Core.Scheduling;

public static class SchedulingExtensions
{
    /// <summary>Runs the job at once and then in intervals; with many replicas, in one of them.</summary>
    /// <param name="name">Of the job, the same in every process.</param>
    /// <param name="interval">From the end of one run to the start of the next, at least a second.</param>
    public static void AddRecurringJob<TJob>(this IServiceCollection services, string name, TimeSpan interval)
        where TJob : class, IRecurringJob
    {
        services.TryAddSingleton(TimeProvider.System);
        services.AddScoped<TJob>();
        services.AddSingleton(new RecurringJobRegistration(name, interval, typeof(TJob)));
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IHostedService, RecurringJobs>());
    }
}
