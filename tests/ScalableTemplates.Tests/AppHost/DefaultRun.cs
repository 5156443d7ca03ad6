using ScalableTemplates.Tests.Infrastructure;

namespace ScalableTemplates.Tests.AppHost;

/// <summary>The default output, running.</summary>
public sealed class DefaultRun(AppHostFixture fixture) : IAsyncLifetime
{
    /// <summary>Null without a container engine.</summary>
    internal AppHostRun? Run { get; private set; }

    public async Task InitializeAsync()
    {
        if (fixture.Engine.Missing is null)
        {
            Run = await fixture.CreateRunAsync(TemplateOptions.Services);
            await Run.StartAsync();
        }
    }

    public Task DisposeAsync() => Run?.DisposeAsync().AsTask() ?? Task.CompletedTask;
}
