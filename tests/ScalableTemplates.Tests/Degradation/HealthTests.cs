using System.Net;
using ScalableTemplates.Tests.EndToEnd;
using ScalableTemplates.Tests.Infrastructure;

namespace ScalableTemplates.Tests.Degradation;

/// <summary>Probes in production, where they have a separate port.</summary>
[Collection("Hardening")]
public sealed class HealthTests(ServersFixture servers) : IAsyncLifetime
{
    private readonly PostgresServer postgres = new();
    private readonly HttpClient client = new();
    private Backend? backend;

    public async Task InitializeAsync()
    {
        if (ServersFixture.Missing is null)
        {
            // The port is assigned at the first start.
            await postgres.StartAsync();
            await postgres.KillAsync();
            var connectionStrings = await servers.GetConnectionStringsAsync();
            connectionStrings["database"] = postgres.ConnectionString("postgres");
            backend = new Backend(await BuiltSolution.GetAsync(TemplateOptions.Services.With(Dimension.Orchestrator, "none")), connectionStrings);
            backend.Set("ASPNETCORE_ENVIRONMENT", "Production");
            backend.Set("DOTNET_ENVIRONMENT", "Production");
            backend.SeparateProbes();
        }
    }

    public async Task DisposeAsync()
    {
        await (backend?.DisposeAsync() ?? ValueTask.CompletedTask);
        await postgres.DisposeAsync();
        client.Dispose();
    }

    [SkippableFact]
    public async Task A_process_is_starting_until_its_database_is_up_and_degraded_when_it_goes_down()
    {
        Skip.If(backend is null, ServersFixture.Missing);

        await backend!.StartApiAsync("Starting");
        var probes = backend.Probes;
        Assert.Equal((HttpStatusCode.ServiceUnavailable, "Starting"), await GetAsync(probes, "health"));
        Assert.Equal((HttpStatusCode.OK, "Healthy"), await GetAsync(probes, "alive"));

        await postgres.RunAsync();
        await backend.WaitUntilAsync(async () => await GetAsync(probes, "health") == (HttpStatusCode.OK, "Healthy"));
        await AssertProbesAndApiAreSeparateAsync();

        await postgres.KillAsync();
        await backend.WaitUntilAsync(async () => await GetAsync(probes, "health") == (HttpStatusCode.OK, "Degraded"));
        Assert.Equal((HttpStatusCode.OK, "Healthy"), await GetAsync(probes, "alive"));
    }

    private async Task AssertProbesAndApiAreSeparateAsync()
    {
        var api = backend!.Address.Port;
        Assert.Equal(HttpStatusCode.NotFound, (await GetAsync(api, "health")).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await GetAsync(api, "alive")).Status);
        Assert.Equal(HttpStatusCode.Unauthorized, (await GetAsync(api, "v1/products")).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await GetAsync(backend.Probes, "v1/products")).Status);
    }

    private async Task<(HttpStatusCode Status, string Body)> GetAsync(int port, string path)
    {
        using var response = await client.GetAsync(new Uri($"http://127.0.0.1:{port}/{path}"));
        return (response.StatusCode, await response.Content.ReadAsStringAsync());
    }
}
