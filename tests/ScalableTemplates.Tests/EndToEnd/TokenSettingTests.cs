using System.Net;
using System.Net.Sockets;

namespace ScalableTemplates.Tests.EndToEnd;

/// <summary>Authentication settings that are not in the README, and unavailable identity providers.</summary>
public sealed class TokenSettingTests
{
    private const string Bearer = "Authentication__Schemes__Bearer__";

    [Theory]
    [InlineData("down")]
    [InlineData("hanging")]
    public async Task While_the_identity_provider_is_unavailable_requests_with_tokens_get_503_immediately(string fault)
    {
        // The operating system accepts connections, but nothing responds.
        using var provider = new TcpListener(IPAddress.Loopback, 0);
        provider.Start();
        var authority = $"https://{provider.LocalEndpoint}";
        if (fault == "down")
        {
            provider.Stop();
        }

        await using var api = await SingleApi.StartAsync(new Dictionary<string, string>
        {
            ["ASPNETCORE_ENVIRONMENT"] = "Production",
            [Bearer + "Authority"] = authority,
            // ASP.NET Core supports the singular setting as well.
            [Bearer + "ValidAudience"] = "api",
        });

        var statuses = await Task.WhenAll(Enumerable.Range(0, 40).Select(_ => api.GetAsync("v1/orders", Token.Create())));
        Assert.All(statuses, status => Assert.Equal(HttpStatusCode.ServiceUnavailable, status));
        Assert.Equal(HttpStatusCode.Unauthorized, await api.GetAsync("v1/orders", token: null));
        await api.Process.WaitUntilAsync(async () => await api.GetHealthAsync() == "Degraded");

        await api.Process.StopAsync();
        Assert.Contains($"Could not load the signing keys from {authority}", api.Process.Log, StringComparison.Ordinal);
        Assert.DoesNotContain("\"LogLevel\":\"Error\"", api.Process.Log, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Loaded_signing_keys_remain_valid_when_the_identity_provider_is_down()
    {
        var port = FreePort.Next();
        await using var api = await SingleApi.StartAsync(new Dictionary<string, string>
        {
            ["ASPNETCORE_ENVIRONMENT"] = "Production",
            [Bearer + "Authority"] = $"http://127.0.0.1:{port}",
            [Bearer + "RequireHttpsMetadata"] = "false",
            [Bearer + "ValidAudiences__0"] = "api",
        });
        using var provider = new IdentityProviderStandIn(port);
        var token = provider.CreateToken();
        Assert.Equal(HttpStatusCode.ServiceUnavailable, await api.GetAsync("v1/orders", token));

        provider.Start();
        await api.Process.WaitUntilAsync(async () => await api.GetAsync("v1/orders", token) == HttpStatusCode.OK);
        Assert.Equal(HttpStatusCode.Unauthorized, await api.GetAsync("v1/orders", "bad-token"));
        await api.Process.WaitUntilAsync(async () => await api.GetHealthAsync() == "Healthy");

        provider.Stop();
        Assert.Equal(HttpStatusCode.OK, await api.GetAsync("v1/orders", token));
        await api.Process.StopAsync();
        Assert.Contains("Rejected a bearer token: it is not a JWT", api.Process.Log, StringComparison.Ordinal);
    }

    [SkippableTheory]
    [InlineData("HOME", "/proc")]
    [InlineData("DOTNET_hostBuilder__reloadConfigOnChange", "false")]
    public async Task Development_works_without_watching_user_secrets(string name, string value)
    {
        Skip.IfNot(OperatingSystem.IsLinux(), "Needs a folder that not even root can write to.");
        await using var api = await SingleApi.StartAsync(new Dictionary<string, string> { ["ASPNETCORE_ENVIRONMENT"] = "Development", [name] = value });

        Assert.Equal(HttpStatusCode.Unauthorized, await api.GetAsync("v1/orders", token: null));
    }
}
