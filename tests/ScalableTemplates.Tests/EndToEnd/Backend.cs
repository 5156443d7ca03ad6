using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using ScalableTemplates.Tests.Infrastructure;

namespace ScalableTemplates.Tests.EndToEnd;

/// <summary>A generated solution that runs as the processes it is made of.</summary>
internal sealed class Backend : IAsyncDisposable
{
    private static readonly TimeSpan StartTimeout = TimeSpan.FromMinutes(1);

    private readonly string solution;
    private readonly string logs = TempFolder.Create("logs");
    private readonly int apiPort = FreePort.Next();
    private readonly int workerPort = FreePort.Next();
    private readonly Dictionary<string, string> environment = [];
    private readonly HttpClient client;
    private Daemon? api;
    private Daemon? worker;

    /// <param name="solution">The folder of a built solution.</param>
    /// <param name="connectionStrings">By their names.</param>
    public Backend(string solution, IReadOnlyDictionary<string, string> connectionStrings)
    {
        this.solution = solution;
        foreach (var (name, value) in connectionStrings)
        {
            environment[$"ConnectionStrings__{name}"] = value;
        }

        environment["ASPNETCORE_ENVIRONMENT"] = "Development";
        environment["DOTNET_ENVIRONMENT"] = "Development";
        environment["Mail__PickupFolder"] = Mails = TempFolder.Create("mails");
        environment["Payments__BaseUrl"] = $"{Address}payment-simulator/";
        Token.Configure(environment);
        client = new HttpClient { BaseAddress = Address };
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Token.Create());
    }

    public Uri Address => new($"http://127.0.0.1:{apiPort}/");

    public string Mails { get; }

    /// <summary>Has the handlers charge at another payment provider than the API's simulator, from their next start on.</summary>
    public void UsePaymentProvider(Uri provider) => environment["Payments__BaseUrl"] = provider.ToString();

    public async Task MigrateAsync()
    {
        await using var migrator = Start("Migrator", port: null);
        await migrator.WaitUntilAsync(() => Task.FromResult(migrator.HasExited), StartTimeout);
        Assert.Contains("shutting down", migrator.Log, StringComparison.Ordinal);
    }

    public async Task StartApiAsync()
    {
        api = Start("Api", apiPort);
        await api.WaitUntilAsync(() => IsHealthyAsync(apiPort), StartTimeout);
    }

    public async Task StartWorkerAsync()
    {
        worker = Start("Worker", workerPort);
        await worker.WaitUntilAsync(() => IsHealthyAsync(workerPort), StartTimeout);
    }

    public Task KillApiAsync() => api!.KillAsync();

    public Task KillWorkerAsync() => worker!.KillAsync();

    public async Task<Guid> PlaceOrderAsync(string paymentMethod)
    {
        var products = await client.GetFromJsonAsync<JsonElement>("v1/products?limit=1");
        using var request = new HttpRequestMessage(HttpMethod.Post, "v1/orders");
        request.Headers.Add("Idempotency-Key", Guid.NewGuid().ToString());
        request.Content = JsonContent.Create(new
        {
            Email = "ada@example.com",
            PaymentMethod = paymentMethod,
            Lines = new[] { new { ProductId = products.GetProperty("items")[0].GetProperty("id").GetGuid(), Quantity = 2 } },
        });
        using var response = await client.SendAsync(request);
        Assert.Equal(HttpStatusCode.Accepted, response.StatusCode);
        var order = await response.Content.ReadFromJsonAsync<JsonElement>();
        Assert.Equal($"/v1/orders/{order.GetProperty("id").GetString()}", response.Headers.Location!.ToString());
        return order.GetProperty("id").GetGuid();
    }

    public async Task<string> GetStatusAsync(Guid order) => (await GetOrderAsync(order)).GetProperty("status").GetString()!;

    public Task<JsonElement> GetOrderAsync(Guid order) => client.GetFromJsonAsync<JsonElement>($"v1/orders/{order}");

    public async Task WaitForStatusAsync(Guid order, string status, int seconds = 60)
    {
        var running = worker ?? api!;
        await running.WaitUntilAsync(async () => await GetStatusAsync(order) == status, TimeSpan.FromSeconds(seconds));
    }

    public string[] MailsOf(Guid order) => Directory.GetFiles(Mails, $"*{order}*.eml");

    public async ValueTask DisposeAsync()
    {
        foreach (var daemon in new[] { worker, api })
        {
            if (daemon is not null)
            {
                await daemon.DisposeAsync();
            }
        }

        client.Dispose();
    }

    private static async Task<bool> IsHealthyAsync(int port)
    {
        using var client = new HttpClient();
        try
        {
            return await client.GetStringAsync($"http://127.0.0.1:{port}/health") == "Healthy";
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    private Daemon Start(string project, int? port)
    {
        var folder = Path.Combine(solution, "src", project);
        var settings = new Dictionary<string, string>(environment);
        if (port is not null)
        {
            settings["ASPNETCORE_URLS"] = $"http://127.0.0.1:{port}";
        }

        return Daemon.Start(
            "dotnet",
            [Path.Combine(folder, "bin", "Debug", "net10.0", $"{Path.GetFileName(solution)}.{project}.dll")],
            folder,
            Path.Combine(logs, $"{project}-{Guid.NewGuid():N}"),
            settings);
    }
}
