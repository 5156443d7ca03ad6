namespace ScalableBackend.ServiceDefaults;

/// <summary>Between SIGTERM and the end of work: readiness is red, so that no new requests come, and those that still do are served.</summary>
internal sealed class Lifecycle(IConfiguration configuration, IHostEnvironment environment) : IHostedLifecycleService
{
    // As long as a load balancer may need to notice.
    private readonly TimeSpan _drainDelay = configuration.GetDuration(
        "Shutdown:DrainDelay", environment.IsDevelopment() ? TimeSpan.Zero : TimeSpan.FromSeconds(5));

    public bool IsStopping { get; private set; }

    public Task StoppingAsync(CancellationToken cancellationToken)
    {
        IsStopping = true;
        return Task.Delay(_drainDelay, cancellationToken);
    }

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
