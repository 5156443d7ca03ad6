using ScalableTemplates.Tests.Infrastructure;

namespace ScalableTemplates.Tests.AppHost;

/// <summary>A running solution with three replicas of the API, a standby and short retry delays.</summary>
public sealed class ReplicatedRun(AppHostFixture fixture) : IAsyncLifetime
{
    private static readonly TemplateOptions Options = TemplateOptions.Services.With(Dimension.Replica, "streaming");

    /// <summary>Null without a container engine.</summary>
    internal AppHostRun? Run { get; private set; }

    public async Task InitializeAsync()
    {
        if (fixture.Engine.Missing is not null)
        {
            return;
        }

        Run = await fixture.CreateRunAsync(Options, appHost =>
            appHost.Replace(".WithExternalHttpEndpoints()", ".WithReplicas(3)\n    .WithExternalHttpEndpoints()", StringComparison.Ordinal));
        foreach (var number in Enumerable.Range(0, 3))
        {
            Run.Environment[$"Messaging__RetryDelays__{number}"] = "00:00:01";
        }

        await Run.StartAsync();
    }

    public Task DisposeAsync() => Run?.DisposeAsync().AsTask() ?? Task.CompletedTask;
}
