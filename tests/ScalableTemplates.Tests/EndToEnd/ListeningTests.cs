using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using ScalableTemplates.Tests.Infrastructure;

namespace ScalableTemplates.Tests.EndToEnd;

/// <summary>All ways of configuring the listen address work, and the probes have a separate port.</summary>
public sealed class ListeningTests
{
    [Theory]
    [InlineData("http", "Kestrel__Endpoints__Http__Url", "http://127.0.0.1:{0}")]
    [InlineData("http", "ASPNETCORE_URLS", "http://127.0.0.1:{0}")]
    [InlineData("http", "ASPNETCORE_HTTP_PORTS", "{0}")]
    [InlineData("http", "HTTP_PORTS", "{0}")]
    [InlineData("https", "HTTPS_PORTS", "{0}")]
    [InlineData("http", "--urls", "http://127.0.0.1:{0}")]
    public async Task A_service_listens_at_the_configured_address_and_serves_probes_on_their_port(string scheme, string setting, string format)
    {
        var solution = await BuiltSolution.GetAsync(TemplateOptions.Single);
        var (port, probes) = (FreePort.Next(), FreePort.Next());
        var value = string.Format(null, format, port);
        var settings = new Dictionary<string, string>
        {
            ["ASPNETCORE_ENVIRONMENT"] = "Development",
            ["Health__Port"] = $"{probes}",
            ["ConnectionStrings__database"] = $"Data Source={Path.Combine(TempFolder.Create("sqlite"), "app.db")}",
            ["Payments__BaseUrl"] = "http://127.0.0.1:1/",
            ["Kestrel__Certificates__Default__Path"] = CreateCertificate(),
        };
        string[] arguments = setting == "--urls" ? [setting, value] : [];
        if (arguments.Length == 0)
        {
            settings[setting] = value;
        }

        await using var api = Daemon.Start(
            "dotnet",
            [Path.Combine("bin", "Debug", "net10.0", "Shop.Api.dll"), .. arguments],
            Path.Combine(solution, "src", "Api"),
            Path.Combine(TempFolder.Create("logs"), "api"),
            settings);

        await api.WaitUntilAsync(async () => await GetAsync($"http://127.0.0.1:{probes}/health") == HttpStatusCode.OK);
        // The ports are bound one after another.
        await api.WaitUntilAsync(async () => await GetAsync($"{scheme}://127.0.0.1:{port}/v1/products") is not null);
        Assert.Equal(HttpStatusCode.Unauthorized, await GetAsync($"{scheme}://127.0.0.1:{port}/v1/products"));
        Assert.Equal(HttpStatusCode.NotFound, await GetAsync($"{scheme}://127.0.0.1:{port}/health"));
    }

    private static string CreateCertificate()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256);
        using var certificate = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        var file = Path.Combine(TempFolder.Create("certificate"), "localhost.pfx");
        File.WriteAllBytes(file, certificate.Export(X509ContentType.Pfx));
        return file;
    }

    private static async Task<HttpStatusCode?> GetAsync(string address)
    {
        using var handler = new HttpClientHandler { ServerCertificateCustomValidationCallback = HttpClientHandler.DangerousAcceptAnyServerCertificateValidator };
        using var client = new HttpClient(handler);
        try
        {
            using var response = await client.GetAsync(new Uri(address));
            return response.StatusCode;
        }
        catch (HttpRequestException)
        {
            return null;
        }
    }
}
