using System.Net;
using System.Net.Http.Headers;
using ScalableTemplates.Tests.Infrastructure;

namespace ScalableTemplates.Tests.EndToEnd;

/// <summary>Tokens of <c>dotnet user-jwts</c> on a machine where nobody has made one so far.</summary>
public sealed class DevelopmentTokenTests : IAsyncLifetime
{
    private readonly Dictionary<string, string> environment = new()
    {
        ["HOME"] = TempFolder.Create("home"),
        ["APPDATA"] = TempFolder.Create("appdata"),
        ["ASPNETCORE_ENVIRONMENT"] = "Development",
        ["ASPNETCORE_URLS"] = $"http://127.0.0.1:{FreePort.Next()}",
        ["ConnectionStrings__database"] = $"Data Source={Path.Combine(TempFolder.Create("sqlite"), "app.db")}",
        ["Mail__PickupFolder"] = TempFolder.Create("mails"),
    };

    private readonly HttpClient client = new();
    private string solution = "";
    private Daemon api = null!;

    public async Task InitializeAsync()
    {
        solution = await BuiltSolution.GetAsync(TemplateOptions.Single);
        client.BaseAddress = new Uri(environment["ASPNETCORE_URLS"]);
        var folder = Path.Combine(solution, "src", "Api");
        api = Daemon.Start(
            "dotnet", [Path.Combine("bin", "Debug", "net10.0", "Shop.Api.dll")], folder, Path.Combine(TempFolder.Create("logs"), "api"), environment);
        await api.WaitUntilAsync(async () => await GetAsync("health", token: null) == HttpStatusCode.OK);
    }

    public async Task DisposeAsync()
    {
        await api.DisposeAsync();
        client.Dispose();
    }

    [Fact]
    public async Task The_first_token_is_valid_without_a_restart_and_leaves_the_files_as_they_are()
    {
        var before = FileTree.Read(Path.Combine(solution, "src", "Api", "Properties")).Files;
        var settings = Path.Combine(solution, "src", "Api", "appsettings.Development.json");
        var settingsBefore = await File.ReadAllTextAsync(settings);

        var token = (await Command.RunAsync(
            "dotnet", ["user-jwts", "create", "--project", "src/Api", "--scope", "orders", "--output", "token"], solution, TimeSpan.FromMinutes(2), environment))
            .EnsureSuccess().Output.Trim();

        await api.WaitUntilAsync(async () => await GetAsync("v1/orders", token) == HttpStatusCode.OK);
        Assert.Equal(settingsBefore, await File.ReadAllTextAsync(settings));
        Assert.Equal(before, FileTree.Read(Path.Combine(solution, "src", "Api", "Properties")).Files);
    }

    [Fact]
    public async Task The_log_says_once_why_tokens_are_refused_and_nothing_of_them()
    {
        for (var i = 0; i < 5; i++)
        {
            Assert.Equal(HttpStatusCode.Unauthorized, await GetAsync("v1/orders", Token.Create()));
            Assert.Equal(HttpStatusCode.Unauthorized, await GetAsync("v1/orders", "bad-token"));
        }

        await api.StopAsync();
        var lines = api.Log.Split('\n').Where(line => line.Contains("Refused a bearer token", StringComparison.Ordinal)).Select(line => line.Trim());
        Assert.Equal(["Refused a bearer token: no signing key matches its signature", "Refused a bearer token: it is not a JWT"], lines);
        Assert.DoesNotContain("eyJ", api.Log, StringComparison.Ordinal);
        Assert.DoesNotContain("warn:", api.Log, StringComparison.Ordinal);
    }

    private async Task<HttpStatusCode?> GetAsync(string path, string? token)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.Authorization = token is null ? null : new AuthenticationHeaderValue("Bearer", token);
        try
        {
            using var response = await client.SendAsync(request);
            return response.StatusCode;
        }
        catch (HttpRequestException)
        {
            return null;
        }
    }
}
