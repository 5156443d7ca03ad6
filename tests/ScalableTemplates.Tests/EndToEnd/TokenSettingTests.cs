using System.Net;
using System.Net.Sockets;

namespace ScalableTemplates.Tests.EndToEnd;

/// <summary>Settings of authentication other than those in the README, and identity providers that are unavailable.</summary>
public sealed class TokenSettingTests
{
    private const string Bearer = "Authentication__Schemes__Bearer__";

    [Theory]
    [InlineData("down")]
    [InlineData("hanging")]
    public async Task An_unavailable_identity_provider_is_named_in_the_log(string fault)
    {
        // Its connections are accepted by the operating system, and nobody responds.
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
            [Bearer + "BackchannelTimeout"] = "00:00:03",
            // The singular is a setting of ASP.NET Core, too.
            [Bearer + "ValidAudience"] = "api",
        });

        Assert.Equal(HttpStatusCode.Unauthorized, await api.GetAsync("v1/orders", "bad-token"));
        Assert.Equal(HttpStatusCode.Unauthorized, await api.GetAsync("v1/orders", Token.Create()));

        await api.Process.StopAsync();
        Assert.Contains("Refused a bearer token: it is not a JWT", api.Process.Log, StringComparison.Ordinal);
        Assert.Contains($"could not get the signing keys from {authority}", api.Process.Log, StringComparison.Ordinal);
        Assert.DoesNotContain("its issuer is not a valid one", api.Process.Log, StringComparison.Ordinal);
    }

    [SkippableTheory]
    [InlineData("HOME", "/proc")]
    [InlineData("DOTNET_hostBuilder__reloadConfigOnChange", "false")]
    public async Task Development_works_without_user_secrets_that_are_watched(string name, string value)
    {
        Skip.IfNot(OperatingSystem.IsLinux(), "Needs a folder that not even root can write to.");
        await using var api = await SingleApi.StartAsync(new Dictionary<string, string> { ["ASPNETCORE_ENVIRONMENT"] = "Development", [name] = value });

        Assert.Equal(HttpStatusCode.Unauthorized, await api.GetAsync("v1/orders", token: null));
    }
}
