using System.Text.RegularExpressions;
using ScalableTemplates.Tests.Infrastructure;

namespace ScalableTemplates.Tests.EndToEnd;

/// <summary><c>dotnet watch</c> applies code changes, and files that the process writes do not restart it.</summary>
public sealed class WatchTests
{
    [Fact]
    public async Task A_code_change_is_applied_and_a_database_write_does_not_trigger_a_restart()
    {
        var solution = await Scaffold.CreateAsync(TemplateOptions.Single);
        var api = Path.Combine(solution, "src", "Api");
        var source = Path.Combine(api, "SecurityHeadersExtensions.cs");
        using var client = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{FreePort.Next()}") };
        var environment = new Dictionary<string, string> { ["ASPNETCORE_ENVIRONMENT"] = "Development", ["ASPNETCORE_URLS"] = client.BaseAddress.ToString() };
        await using var watch = Daemon.Start(
            "dotnet", ["watch", "--non-interactive", "--project", api, "run", "--no-launch-profile"], solution, Path.Combine(TempFolder.Create("logs"), "watch"), environment);
        await watch.WaitUntilAsync(async () => await GetPolicyAsync(client) == "no-referrer");
        Assert.True(File.Exists(Path.Combine(api, "app.db")));

        await File.WriteAllTextAsync(source, (await File.ReadAllTextAsync(source)).Replace("\"no-referrer\"", "\"same-origin\"", StringComparison.Ordinal));
        await watch.WaitUntilAsync(async () => await GetPolicyAsync(client) == "same-origin");

        var changes = Regex.Matches(watch.Log, @"Files? \w+: (.*)").SelectMany(match => match.Groups[1].Value.Trim().Split(", ")).Distinct();
        Assert.Equal(["./src/Api/SecurityHeadersExtensions.cs"], changes);
        Assert.Single(Regex.Matches(watch.Log, "Now listening on"));
    }

    private static async Task<string?> GetPolicyAsync(HttpClient client)
    {
        try
        {
            using var response = await client.GetAsync(new Uri("openapi/v1.json", UriKind.Relative));
            return response.Headers.TryGetValues("Referrer-Policy", out var values) ? values.Single() : null;
        }
        catch (HttpRequestException)
        {
            return null;
        }
    }
}
