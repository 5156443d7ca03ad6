using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using System.Text.RegularExpressions;
using Npgsql;
using ScalableTemplates.Tests.EndToEnd;
using ScalableTemplates.Tests.Faults;
using ScalableTemplates.Tests.Infrastructure;

namespace ScalableTemplates.Tests.AppHost;

/// <summary>The default output on a machine without a container runtime.</summary>
[Collection("AppHost")]
public sealed partial class WithoutContainersTests(AppHostFixture fixture, ServersFixture servers) : IClassFixture<ServersFixture>
{
    [Fact]
    public async Task A_missing_container_runtime_stops_the_start_with_a_one_sentence_error()
    {
        await using var run = await CreateRunAsync();

        var result = await run.RunAsync();

        Assert.Equal(1, result.ExitCode);
        Assert.Matches("^No container runtime is running, but these resources need one: postgres, cache, broker, mailpit. Start Docker or Podman, .*README.md.$", result.Error.Trim());
        Assert.DoesNotContain("fail:", result.Output, StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task Existing_servers_replace_containers()
    {
        Skip.If(ServersFixture.Missing is not null, ServersFixture.Missing);
        using var mails = new MailServer();
        await using var run = await CreateRunAsync();
        var connectionStrings = await servers.GetConnectionStringsAsync();
        var owner = connectionStrings["database"];
        run.Environment["ConnectionStrings__owner"] = owner;
        run.Environment["ConnectionStrings__database"] = new NpgsqlConnectionStringBuilder(owner) { Username = "shop", Password = "not-a-secret" }.ConnectionString;
        run.Environment["ConnectionStrings__cache"] = connectionStrings["cache"];
        run.Environment["ConnectionStrings__broker"] = connectionStrings["broker"];
        run.Environment["ConnectionStrings__mail"] = mails.Address.ToString();

        await run.StartAsync();

        await run.WaitForStatusAsync(await run.PlaceOrderAsync(), "Confirmed");
        Assert.Single(mails.Orders);
        var resources = (await run.DescribeAsync()).ToDictionary(resource => resource.GetProperty("displayName").GetString()!);
        Assert.DoesNotContain(resources.Values, resource => resource.GetProperty("resourceType").GetString() == "Container");
        foreach (var name in new[] { "owner", "database", "cache", "broker", "mail" })
        {
            Assert.Equal(("External", "Running"), (resources[name].GetProperty("resourceType").GetString(), resources[name].GetProperty("state").GetString()));
        }

        var (exitCode, leftBehind) = await run.StopAsync();
        Assert.Equal(0, exitCode);
        Findings.AssertNone(leftBehind);
    }

    [SkippableFact]
    public async Task A_port_in_use_stops_the_start_with_a_one_sentence_error()
    {
        Skip.If(fixture.Engine.Missing is not null, fixture.Engine.Missing);
        await using var run = await fixture.CreateRunAsync(TemplateOptions.Services);
        var settings = await File.ReadAllTextAsync(Path.Combine(run.Solution, "src", "AppHost", "Properties", "launchSettings.json"));
        using var listener = new TcpListener(IPAddress.Loopback, int.Parse(ResourceServicePort().Match(settings).Groups[1].Value, System.Globalization.CultureInfo.InvariantCulture));
        try
        {
            listener.Start();
        }
        catch (SocketException)
        {
            // The AppHost of the other tests uses the port.
        }

        var result = await run.RunAsync();

        Assert.Equal(1, result.ExitCode);
        Assert.Matches("^Failed to bind to address .*: address already in use. Stop the AppHost that is already running, .*$", result.Error.Trim());
        Assert.DoesNotContain("   at ", result.Everything, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Published_services_serve_probes_on_a_separate_port()
    {
        await using var run = await CreateRunAsync();
        var file = Path.Combine(TempFolder.Create("manifest"), "manifest.json");

        (await run.RunAsync("--operation", "publish", "--step", "publish-manifest", "--output-path", file)).EnsureSuccess();

        using var manifest = JsonDocument.Parse(await File.ReadAllTextAsync(file));
        foreach (var service in new[] { "api", "worker" })
        {
            var resource = manifest.RootElement.GetProperty("resources").GetProperty(service);
            var probes = resource.GetProperty("bindings").GetProperty("health");
            Assert.Equal(8081, probes.GetProperty("targetPort").GetInt32());
            Assert.False(probes.TryGetProperty("external", out _));
            // The service adds the port of the probes to its listen addresses.
            Assert.Equal($"{{{service}.bindings.http.targetPort}}", resource.GetProperty("env").GetProperty("HTTP_PORTS").GetString());
        }
    }

    private async Task<AppHostRun> CreateRunAsync()
    {
        var run = await fixture.CreateRunAsync(TemplateOptions.Services.With(Dimension.Auth, "none"));
        run.Environment["DOCKER_HOST"] = $"unix://{fixture.Home}/no-docker.sock";
        return run;
    }

    [GeneratedRegex(@"""ASPIRE_RESOURCE_SERVICE_ENDPOINT_URL"": ""http://localhost:(\d+)""")]
    private static partial Regex ResourceServicePort();
}
