namespace Shop.ServiceDefaults;

/// <summary>On SIGTERM, fails the readiness probe but keeps serving requests for the drain delay, until load balancers have noticed.</summary>
internal sealed class GracefulShutdown(TimeSpan drainDelay, TimeProvider clock) : IHostedLifecycleService
{
    // All phases of the shutdown must complete within this time, which is less than the orchestrator's default grace period of 30 seconds.
    private static readonly TimeSpan TotalTimeout = TimeSpan.FromSeconds(25);

    // Reserved for hosted services that finish their work in progress, and for disposing of the service container.
    private static readonly TimeSpan MinStopTime = TimeSpan.FromSeconds(5);

    public bool IsStopping { get; private set; }

    public static void Add(IHostApplicationBuilder builder)
    {
        var drainDelay = builder.Configuration.GetDuration(
            "Shutdown:DrainDelay", builder.Environment.IsDevelopment() ? TimeSpan.Zero : TimeSpan.FromSeconds(5));
        if (drainDelay > TotalTimeout - MinStopTime)
        {
            throw new ConfigurationException($"Shutdown:DrainDelay is {drainDelay}, but must be at most {(TotalTimeout - MinStopTime).TotalSeconds:0} seconds, because "
                + $"the whole shutdown must complete within {TotalTimeout.TotalSeconds:0} seconds. Set the environment variable Shutdown__DrainDelay.");
        }

        builder.Services.AddSingleton(services => new GracefulShutdown(drainDelay, services.GetRequiredService<TimeProvider>()));
        builder.Services.AddHostedService(services => services.GetRequiredService<GracefulShutdown>());
        builder.Services.Configure<HostOptions>(options => options.ShutdownTimeout = TotalTimeout);
    }

    public Task StoppingAsync(CancellationToken cancellationToken)
    {
        IsStopping = true;
        return Task.Delay(drainDelay, clock, cancellationToken);
    }

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
