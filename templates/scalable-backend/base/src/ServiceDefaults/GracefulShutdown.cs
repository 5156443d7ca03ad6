namespace ScalableBackend.ServiceDefaults;

/// <summary>After SIGTERM readiness turns red, and requests are still served until load balancers have noticed.</summary>
internal sealed class GracefulShutdown(TimeSpan drainDelay, TimeProvider clock) : IHostedLifecycleService
{
    // All phases have to end within this time after SIGTERM; the grace period of the orchestrator, 30 seconds by default, is longer.
    private static readonly TimeSpan Total = TimeSpan.FromSeconds(25);

    // For hosted services that finish what they have begun, and for what the container disposes of after them.
    private static readonly TimeSpan MinStopTime = TimeSpan.FromSeconds(5);

    public bool IsStopping { get; private set; }

    public static void Add(IHostApplicationBuilder builder)
    {
        var drainDelay = builder.Configuration.GetDuration(
            "Shutdown:DrainDelay", builder.Environment.IsDevelopment() ? TimeSpan.Zero : TimeSpan.FromSeconds(5));
        if (drainDelay > Total - MinStopTime)
        {
            throw new ConfigurationException($"Shutdown:DrainDelay is {drainDelay}, but must be at most {(Total - MinStopTime).TotalSeconds:0} seconds: "
                + $"all of the shutdown has to end within {Total.TotalSeconds:0} seconds. Set the environment variable Shutdown__DrainDelay.");
        }

        builder.Services.AddSingleton(services => new GracefulShutdown(drainDelay, services.GetRequiredService<TimeProvider>()));
        builder.Services.AddHostedService(services => services.GetRequiredService<GracefulShutdown>());
        builder.Services.Configure<HostOptions>(options => options.ShutdownTimeout = Total);
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
