using ScalableTemplates.Tests.Infrastructure;

namespace ScalableTemplates.Tests.AppHost;

/// <summary>A running solution with three replicas of the API, a standby and short retry delays.</summary>
public sealed class ReplicatedRun(AppHostFixture fixture) : StartedRun(fixture)
{
    private static readonly TemplateOptions Options = TemplateOptions.Services.With(Dimension.Replica, "streaming");

    private protected override async Task<AppHostRun> CreateAsync(AppHostFixture fixture)
    {
        var run = await fixture.CreateRunAsync(Options, appHost =>
            appHost.Replace(".WithExternalHttpEndpoints()", ".WithReplicas(3)\n    .WithExternalHttpEndpoints()", StringComparison.Ordinal));
        foreach (var number in Enumerable.Range(0, 3))
        {
            run.Environment[$"Messaging__RetryDelays__{number}"] = "00:00:01";
        }

        return run;
    }
}
