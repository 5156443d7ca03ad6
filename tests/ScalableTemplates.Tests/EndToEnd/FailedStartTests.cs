using System.Net;
using System.Net.Sockets;
using ScalableTemplates.Tests.Infrastructure;

namespace ScalableTemplates.Tests.EndToEnd;

/// <summary>A service that cannot start reports the fix in one line and exits with code 1, without a stack trace or a core dump.</summary>
public sealed class FailedStartTests
{
    private const string Bearer = "Authentication__Schemes__Bearer__";

    [Theory]
    [InlineData("Api", "database")]
    [InlineData("Api", "cache")]
    [InlineData("Api", "broker")]
    [InlineData("Worker", "database")]
    [InlineData("Worker", "broker")]
    [InlineData("Migrator", "database")]
    public async Task A_missing_connection_string_is_reported_with_how_to_set_it(string project, string missing)
    {
        var settings = Settings();
        settings.Remove($"ConnectionStrings__{missing}");

        var lines = await StartWithMissingDependencyAsync(project, settings);

        Assert.StartsWith(
            $"Connection string '{missing}' is missing. Set the environment variable ConnectionStrings__{missing}", Assert.Single(lines), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Api", "Authentication__Schemes__Bearer__Authority", "Authentication__Schemes__Bearer__ValidAudiences__0")]
    [InlineData("Worker", "Payments__BaseUrl", "Mail__Server")]
    public async Task Missing_settings_are_reported_with_their_environment_variables(string project, params string[] missing)
    {
        var settings = Settings();
        foreach (var name in missing)
        {
            settings.Remove(name);
        }

        var lines = await StartWithMissingDependencyAsync(project, settings);

        Assert.Equal(missing.Length, lines.Length);
        Assert.All(missing.Zip(lines), pair => Assert.Contains($"Set the environment variable {pair.First} to ", pair.Second, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("Api", "LoadShedding__MaxConcurrentReads", "0")]
    [InlineData("Api", "LoadShedding__MaxQueueLength", "-1")]
    [InlineData("Api", "LoadShedding__MaxQueueTime", "-00:00:01")]
    [InlineData("Api", "LoadShedding__MaxSharePerClient", "2")]
    [InlineData("Api", "RateLimiting__DefaultPlan", "gold")]
    [InlineData("Api", "RateLimiting__Plans__standard__Burst", "0")]
    [InlineData("Api", "RateLimiting__Plans__silver__Burst", "5", "RateLimiting__Plans__silver__RequestsPerMinute")]
    [InlineData("Api", Bearer + "Authority", "https:identity")]
    [InlineData("Api", Bearer + "BackchannelTimeout", "-00:00:01")]
    [InlineData("Api", Bearer + "SigningKeys__0__Value", "no-base64")]
    [InlineData("Api", "ForwardedHeaders__KnownNetworks__0", "nonsense")]
    [InlineData("Api", "Shutdown__DrainDelay", "-00:00:01")]
    [InlineData("Worker", "Shutdown__DrainDelay", "00:00:25")]
    [InlineData("Worker", "Messaging__RetryDelays__0", "-00:00:05")]
    public async Task A_setting_out_of_range_is_reported_with_its_environment_variable(string project, string name, string value, string? named = null)
    {
        var settings = Settings();
        settings[name] = value;

        var lines = await StartWithMissingDependencyAsync(project, settings);

        Assert.Contains(named ?? name, Assert.Single(lines), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_setting_that_cannot_be_parsed_is_reported()
    {
        var settings = Settings();
        settings["LoadShedding__MaxConcurrentReads"] = "many";

        var lines = await StartWithMissingDependencyAsync("Api", settings);

        Assert.Contains("'LoadShedding:MaxConcurrentReads'", Assert.Single(lines), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Api")]
    [InlineData("Worker")]
    public async Task An_address_in_use_is_reported(string project)
    {
        using var other = new TcpListener(IPAddress.Loopback, 0);
        other.Start();
        var settings = Settings();
        settings["ASPNETCORE_URLS"] = $"http://{other.LocalEndpoint}";

        var lines = await StartWithMissingDependencyAsync(project, settings);

        Assert.StartsWith($"Cannot listen on {other.LocalEndpoint}: the address is already in use.", Assert.Single(lines), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_missing_port_for_probes_is_reported_with_its_setting()
    {
        using var other = new TcpListener(IPAddress.Any, 0);
        other.Start();
        var port = ((IPEndPoint)other.LocalEndpoint).Port;
        var settings = Settings();
        settings["ASPNETCORE_URLS"] = "http://127.0.0.1:0";
        settings["Health__Port"] = $"{port}";

        var lines = await StartWithMissingDependencyAsync("Worker", settings);

        Assert.Contains("the environment variable Health__Port", Assert.Single(lines), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_identity_provider_without_TLS_is_rejected_with_the_setting_that_allows_it()
    {
        var settings = Settings();
        settings[Bearer + "Authority"] = "http://127.0.0.1:1";

        var lines = await StartWithMissingDependencyAsync("Api", settings);

        Assert.Contains($"set {Bearer}RequireHttpsMetadata to false", Assert.Single(lines), StringComparison.Ordinal);
    }

    /// <returns>The output on standard error.</returns>
    private static async Task<string[]> StartWithMissingDependencyAsync(string project, Dictionary<string, string> settings)
    {
        var folder = Path.Combine(await BuiltSolution.GetAsync(TemplateOptions.Services.With(Dimension.Orchestrator, "none")), "src", project);
        var program = Path.Combine("bin", "Debug", "net10.0", $"Shop.{project}.dll");

        var result = await Command.RunAsync("dotnet", [program], folder, TimeSpan.FromMinutes(1), settings);

        Assert.Equal(1, result.ExitCode);
        Assert.DoesNotContain("\"LogLevel\":\"Critical\"", result.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("Hosting failed to start", result.Output, StringComparison.Ordinal);
        return result.Error.Split(Environment.NewLine, StringSplitOptions.RemoveEmptyEntries);
    }

    // All settings that a service needs outside Development, with unreachable servers.
    private static Dictionary<string, string> Settings() => new()
    {
        ["ConnectionStrings__database"] = "Host=127.0.0.1;Port=1",
        ["ConnectionStrings__cache"] = "127.0.0.1:1",
        ["ConnectionStrings__broker"] = "amqp://127.0.0.1:1",
        [Bearer + "Authority"] = "https://127.0.0.1:1",
        [Bearer + "ValidAudiences__0"] = "api",
        ["Payments__BaseUrl"] = "http://127.0.0.1:1/",
        ["Mail__Server"] = "smtp://127.0.0.1:1",
        ["Health__Port"] = "0",
    };
}
