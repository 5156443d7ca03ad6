using System.Net;
using System.Net.Http.Headers;
using ScalableTemplates.Tests.Infrastructure;

namespace ScalableTemplates.Tests.EndToEnd;

/// <summary>The API of the single stage with minimal settings, whereas <see cref="Backend"/> configures signing keys for tokens.</summary>
internal sealed class SingleApi : IAsyncDisposable
{
    private readonly HttpClient client;

    private SingleApi(string solution, Daemon process, Uri address)
    {
        Solution = solution;
        Process = process;
        client = new HttpClient { BaseAddress = address };
    }

    public string Solution { get; }

    public Uri Address => client.BaseAddress!;

    public Daemon Process { get; }

    /// <summary>Starts the API and waits until it is healthy.</summary>
    /// <param name="settings">Environment variables, including the name of the environment.</param>
    public static async Task<SingleApi> StartAsync(IReadOnlyDictionary<string, string> settings)
    {
        var solution = await BuiltSolution.GetAsync(TemplateOptions.Single);
        var address = new Uri($"http://127.0.0.1:{FreePort.Next()}");
        var environment = new Dictionary<string, string>(settings)
        {
            ["ASPNETCORE_URLS"] = address.ToString(),
            ["Health__Port"] = "0",
            ["ConnectionStrings__database"] = $"Data Source={Path.Combine(TempFolder.Create("sqlite"), "app.db")}",
            ["Mail__PickupDirectory"] = TempFolder.Create("mails"),
            ["Payments__BaseUrl"] = $"{address}payment-simulator/",
        };
        var process = Daemon.Start(
            "dotnet",
            [Path.Combine("bin", "Debug", "net10.0", "Shop.Api.dll")],
            Path.Combine(solution, "src", "Api"),
            Path.Combine(TempFolder.Create("logs"), "api"),
            environment);
        var api = new SingleApi(solution, process, address);
        await process.WaitUntilAsync(async () => await api.GetAsync("health", token: null) == HttpStatusCode.OK);
        return api;
    }

    /// <returns>Null while the API is not listening.</returns>
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

    public async Task<string> GetHealthAsync()
    {
        using var response = await client.GetAsync(new Uri("health", UriKind.Relative));
        return await response.Content.ReadAsStringAsync();
    }

    public async ValueTask DisposeAsync()
    {
        client.Dispose();
        await Process.DisposeAsync();
    }
}
