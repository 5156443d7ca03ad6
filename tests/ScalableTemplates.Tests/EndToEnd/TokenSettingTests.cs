using System.Net;
using System.Net.Http.Headers;
using ScalableTemplates.Tests.Infrastructure;

namespace ScalableTemplates.Tests.EndToEnd;

/// <summary>Settings of the token check that are as good as those in the README, or that fail while the process runs.</summary>
public sealed class TokenSettingTests
{
    private const string Bearer = "Authentication__Schemes__Bearer__";

    [Fact]
    public async Task An_identity_provider_that_cannot_be_reached_is_named_in_the_log()
    {
        await using var api = await StartAsync(new()
        {
            ["ASPNETCORE_ENVIRONMENT"] = "Production",
            [Bearer + "Authority"] = "https://127.0.0.1:1",
            // The singular is a setting of ASP.NET Core, too.
            [Bearer + "ValidAudience"] = "api",
        });

        Assert.Equal(HttpStatusCode.Unauthorized, await api.GetAsync("v1/orders", Token.Create()));

        await api.Process.StopAsync();
        Assert.Contains("the signing keys of https://127.0.0.1:1 cannot be had", api.Process.Log, StringComparison.Ordinal);
        Assert.DoesNotContain("its issuer is not a valid one", api.Process.Log, StringComparison.Ordinal);
    }

    [SkippableTheory]
    [InlineData("HOME", "/proc")]
    [InlineData("DOTNET_hostBuilder__reloadConfigOnChange", "false")]
    public async Task Development_works_without_user_secrets_that_are_watched(string name, string value)
    {
        Skip.IfNot(OperatingSystem.IsLinux(), "Needs a folder that not even root can write to.");
        await using var api = await StartAsync(new() { ["ASPNETCORE_ENVIRONMENT"] = "Development", [name] = value });

        Assert.Equal(HttpStatusCode.Unauthorized, await api.GetAsync("v1/orders", token: null));
    }

    private static async Task<RunningApi> StartAsync(Dictionary<string, string> settings)
    {
        var folder = Path.Combine(await BuiltSolution.GetAsync(TemplateOptions.Single), "src", "Api");
        var address = new Uri($"http://127.0.0.1:{FreePort.Next()}");
        var environment = new Dictionary<string, string>(settings)
        {
            ["ASPNETCORE_URLS"] = address.ToString(),
            ["Health__Port"] = "0",
            ["ConnectionStrings__database"] = $"Data Source={Path.Combine(TempFolder.Create("sqlite"), "app.db")}",
            ["Mail__PickupFolder"] = TempFolder.Create("mails"),
            ["Payments__BaseUrl"] = $"{address}payment-simulator/",
        };
        var api = new RunningApi(
            Daemon.Start("dotnet", [Path.Combine("bin", "Debug", "net10.0", "Shop.Api.dll")], folder, Path.Combine(TempFolder.Create("logs"), "api"), environment),
            address);
        await api.Process.WaitUntilAsync(async () => await api.GetAsync("health", token: null) == HttpStatusCode.OK);
        return api;
    }

    private sealed class RunningApi(Daemon process, Uri address) : IAsyncDisposable
    {
        private readonly HttpClient client = new() { BaseAddress = address };

        public Daemon Process => process;

        public async Task<HttpStatusCode?> GetAsync(string path, string? token)
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

        public async ValueTask DisposeAsync()
        {
            client.Dispose();
            await process.DisposeAsync();
        }
    }
}
