using System.Net;
using ScalableTemplates.Tests.Infrastructure;

namespace ScalableTemplates.Tests.EndToEnd;

/// <summary>Tokens of <c>dotnet user-jwts</c> on a machine that has no signing key yet.</summary>
public sealed class DevelopmentTokenTests : IAsyncLifetime
{
    private readonly Dictionary<string, string> environment = new()
    {
        ["HOME"] = TempFolder.Create("home"),
        ["APPDATA"] = TempFolder.Create("appdata"),
        ["ASPNETCORE_ENVIRONMENT"] = "Development",
    };

    private SingleApi api = null!;

    public async Task InitializeAsync() => api = await SingleApi.StartAsync(environment);

    public async Task DisposeAsync() => await api.DisposeAsync();

    [Fact]
    public async Task The_first_token_is_valid_without_a_restart_and_changes_no_file()
    {
        var before = FileTree.Read(Path.Combine(api.Solution, "src", "Api", "Properties")).Files;
        var settings = Path.Combine(api.Solution, "src", "Api", "appsettings.Development.json");
        var settingsBefore = await File.ReadAllTextAsync(settings);

        var token = (await Command.RunAsync(
            "dotnet", ["user-jwts", "create", "--project", "src/Api", "--scope", "orders", "--output", "token"], api.Solution, TimeSpan.FromMinutes(2), environment))
            .EnsureSuccess().Output.Trim();

        await api.Process.WaitUntilAsync(async () => await api.GetAsync("v1/orders", token) == HttpStatusCode.OK);
        Assert.Equal(settingsBefore, await File.ReadAllTextAsync(settings));
        Assert.Equal(before, FileTree.Read(Path.Combine(api.Solution, "src", "Api", "Properties")).Files);
    }

    [Fact]
    public async Task The_reason_why_tokens_are_rejected_is_logged_once_and_the_tokens_never()
    {
        for (var i = 0; i < 5; i++)
        {
            Assert.Equal(HttpStatusCode.Unauthorized, await api.GetAsync("v1/orders", Token.Create()));
            Assert.Equal(HttpStatusCode.Unauthorized, await api.GetAsync("v1/orders", "bad-token"));
        }

        await api.Process.StopAsync();
        var lines = api.Process.Log.Split('\n').Where(line => line.Contains("Rejected a bearer token", StringComparison.Ordinal)).Select(line => line.Trim());
        Assert.Equal(["Rejected a bearer token: no signing key matches its signature", "Rejected a bearer token: it is not a JWT"], lines);
        Assert.DoesNotContain("eyJ", api.Process.Log, StringComparison.Ordinal);
        Assert.DoesNotContain("warn:", api.Process.Log, StringComparison.Ordinal);
    }
}
