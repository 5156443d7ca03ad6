using ScalableTemplates.Tests.Infrastructure;

namespace ScalableTemplates.Tests.AppHost;

/// <summary>The default output, running.</summary>
public sealed class DefaultRun(AppHostFixture fixture) : StartedRun(fixture)
{
    private protected override Task<AppHostRun> CreateAsync(AppHostFixture fixture) => fixture.CreateRunAsync(TemplateOptions.Services);
}
