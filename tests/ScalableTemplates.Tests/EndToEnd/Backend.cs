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
    private readonly Dictionary<(string Project, int Replica), int> ports = [];
    private readonly Dictionary<(string Project, int Replica), Daemon> running = [];
    private readonly Dictionary<string, string> published = [];
    private readonly Dictionary<string, string> environment = [];
    private readonly HttpClient client;

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
        // One client stands for many.
        environment["Limits__Plans__standard__RequestsPerMinute"] = "600000";
        environment["Limits__Plans__standard__Burst"] = "100000";
        // A line for each request would cost more than the request.
        environment[$"Logging__LogLevel__{Path.GetFileName(solution)}"] = "Information";
        Token.Configure(environment);
        client = new HttpClient { BaseAddress = Address };
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Token.Create());
    }

    public Uri Address => AddressOf(replica: 0);

    public string Mails { get; }

    /// <summary>The folder of what the processes print.</summary>
    public string Logs { get; } = TempFolder.Create("logs");

    /// <summary>What all processes have printed so far.</summary>
    public string ReadLogs() => string.Concat(Directory.GetFiles(Logs).Order(StringComparer.Ordinal).Select(file =>
    {
        using var reader = new StreamReader(new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite));
        return reader.ReadToEnd();
    }));

    /// <summary>The API and worker processes that should run.</summary>
    public IEnumerable<Daemon> Running => running.Values;

    public Uri AddressOf(int replica) => new($"http://127.0.0.1:{PortOf("Api", replica)}/");

    /// <summary>Has the handlers charge at another payment provider than the API's simulator, from their next start on.</summary>
    public void UsePaymentProvider(Uri provider) => Set("Payments__BaseUrl", provider.ToString());

    /// <summary>Gives all processes a setting, from their next start on.</summary>
    public void Set(string name, string value) => environment[name] = value;

    public async Task MigrateAsync()
    {
        await using var migrator = Start("Migrator", port: null);
        Assert.True(await migrator.WaitForExitAsync(StartTimeout) == 0, migrator.Log);
    }

    /// <summary>Starts all that lack something that they need, and waits until they have found out.</summary>
    public async Task StartInVainAsync()
    {
        await using var migrator = Start("Migrator", port: null);
        foreach (var project in new[] { "Api", "Worker" })
        {
            var port = PortOf(project, replica: 0);
            running[(project, 0)] = Start(project, port);
            await running[(project, 0)].WaitUntilAsync(async () => await GetHealthAsync(port) == "Starting", StartTimeout);
        }

        Assert.NotEqual(0, await migrator.WaitForExitAsync(StartTimeout));
    }

    /// <summary>Has processes of the project run from where it was published, from their next start on.</summary>
    public void UsePublished(string project, string folder) => published[project] = folder;

    public Task StartApiAsync(int replica = 0) => StartAsync("Api", replica);

    /// <summary>Starts the API with probes on a port of their own, and waits until they say <paramref name="word"/>.</summary>
    public Task StartApiAsync(int probes, string word) => StartAsync("Api", replica: 0, probes, word);

    public Task StartWorkerAsync(int replica = 0) => StartAsync("Worker", replica);

    public Task KillApiAsync(int replica = 0) => running[("Api", replica)].KillAsync();

    public Daemon Api => running[("Api", 0)];

    /// <summary>Asks the API to end, as an orchestrator does.</summary>
    /// <returns>Its exit code.</returns>
    public Task<int> StopApiAsync(int replica, TimeSpan timeout) => running[("Api", replica)].StopAsync(timeout);

    public string WorkerLog => running[("Worker", 0)].Log;

    /// <summary>Runs a command of the worker to its end.</summary>
    public Task<CommandResult> RunWorkerAsync(params string[] command) => Command.RunAsync(
        "dotnet", [ProgramOf("Worker"), .. command], Path.Combine(solution, "src", "Worker"), StartTimeout, environment);

    public Task KillWorkerAsync(int replica = 0) => running[("Worker", replica)].KillAsync();

    /// <summary>Asks the worker to end, as an orchestrator does.</summary>
    /// <returns>Its exit code.</returns>
    public Task<int> StopWorkerAsync(TimeSpan timeout) => running[("Worker", 0)].StopAsync(timeout);

    /// <summary>Has the worker hang.</summary>
    public Task PauseWorkerAsync() => running[("Worker", 0)].PauseAsync();

    public Task ResumeWorkerAsync() => running[("Worker", 0)].ResumeAsync();

    public async Task<Guid> PlaceOrderAsync(string paymentMethod, string email = "ada@example.com")
    {
        var product = await GetProductIdAsync();
        using var request = new HttpRequestMessage(HttpMethod.Post, "v1/orders");
        request.Headers.Add("Idempotency-Key", Guid.NewGuid().ToString());
        request.Content = JsonContent.Create(new
        {
            Email = email,
            PaymentMethod = paymentMethod,
            Lines = new[] { new { ProductId = product, Quantity = 2 } },
        });
        using var response = await client.SendAsync(request);
        Assert.Equal(HttpStatusCode.Accepted, response.StatusCode);
        var order = await response.Content.ReadFromJsonAsync<JsonElement>();
        Assert.Equal($"/v1/orders/{order.GetProperty("id").GetString()}", response.Headers.Location!.ToString());
        return order.GetProperty("id").GetGuid();
    }

    public async Task<Guid> GetProductIdAsync() =>
        (await client.GetFromJsonAsync<JsonElement>("v1/products?limit=1")).GetProperty("items")[0].GetProperty("id").GetGuid();

    public async Task<decimal> GetPriceAsync(Guid product) =>
        (await client.GetFromJsonAsync<JsonElement>($"v1/products/{product}")).GetProperty("price").GetDecimal();

    public async Task ChangePriceAsync(Guid product, decimal price)
    {
        using var response = await client.PutAsJsonAsync($"v1/products/{product}/price", new { Price = price });
        response.EnsureSuccessStatusCode();
    }

    public async Task<string> GetStatusAsync(Guid order) => (await GetOrderAsync(order)).GetProperty("status").GetString()!;

    public Task<JsonElement> GetOrderAsync(Guid order) => client.GetFromJsonAsync<JsonElement>($"v1/orders/{order}");

    public Task WaitForStatusAsync(Guid order, string status, int seconds = 60) =>
        WaitUntilAsync(async () => await GetStatusAsync(order) == status, seconds);

    /// <summary>Waits for something that the process does which handles messages.</summary>
    public Task WaitUntilAsync(Func<Task<bool>> isSo, int seconds = 60)
    {
        var handling = running.GetValueOrDefault(("Worker", 0)) ?? running[("Api", 0)];
        return handling.WaitUntilAsync(isSo, TimeSpan.FromSeconds(seconds));
    }

    public string[] MailsOf(Guid order) => Directory.GetFiles(Mails, $"*{order}*.eml");

    public async ValueTask DisposeAsync()
    {
        foreach (var daemon in running.Values)
        {
            await daemon.DisposeAsync();
        }

        client.Dispose();
    }

    private static async Task<string?> GetHealthAsync(int port)
    {
        using var client = new HttpClient();
        try
        {
            using var response = await client.GetAsync(new Uri($"http://127.0.0.1:{port}/health"));
            return await response.Content.ReadAsStringAsync();
        }
        catch (HttpRequestException)
        {
            return null;
        }
    }

    private async Task StartAsync(string project, int replica, int? probes = null, string word = "Healthy")
    {
        if (running.TryGetValue((project, replica), out var earlier))
        {
            await earlier.DisposeAsync();
        }

        var port = PortOf(project, replica);
        var daemon = running[(project, replica)] = Start(project, port);
        await daemon.WaitUntilAsync(async () => await GetHealthAsync(probes ?? port) == word, StartTimeout);
    }

    private int PortOf(string project, int replica) =>
        ports.TryGetValue((project, replica), out var port) ? port : ports[(project, replica)] = FreePort.Next();

    private string ProgramOf(string project) => Path.Combine(
        published.GetValueOrDefault(project) ?? Path.Combine(solution, "src", project, "bin", "Debug", "net10.0"),
        $"{Path.GetFileName(solution)}.{project}.dll");

    private Daemon Start(string project, int? port)
    {
        var folder = published.GetValueOrDefault(project) ?? Path.Combine(solution, "src", project);
        var settings = new Dictionary<string, string>(environment);
        if (port is not null)
        {
            settings["ASPNETCORE_URLS"] = $"http://127.0.0.1:{port}";
        }

        return Daemon.Start(
            "dotnet",
            [ProgramOf(project)],
            folder,
            Path.Combine(Logs, $"{project}-{Guid.NewGuid():N}"),
            settings);
    }
}
