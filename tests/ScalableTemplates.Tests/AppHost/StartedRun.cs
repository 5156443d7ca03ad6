namespace ScalableTemplates.Tests.AppHost;

/// <summary>A run of an AppHost that is started once for the tests of a class.</summary>
public abstract class StartedRun(AppHostFixture fixture) : IAsyncLifetime
{
    private AppHostRun? run;

    /// <summary>The run. Skips the test if there is no container engine.</summary>
    internal AppHostRun Run
    {
        get
        {
            Skip.If(fixture.Engine.Missing is not null, fixture.Engine.Missing);
            return run!;
        }
    }

    public async Task InitializeAsync()
    {
        if (fixture.Engine.Missing is null)
        {
            run = await CreateAsync(fixture);
            await run.StartAsync();
        }
    }

    public Task DisposeAsync() => run?.DisposeAsync().AsTask() ?? Task.CompletedTask;

    private protected abstract Task<AppHostRun> CreateAsync(AppHostFixture fixture);
}
