using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using ScalableTemplates.Tests.Infrastructure;

namespace ScalableTemplates.Tests.EndToEnd;

/// <summary>Runs the processes of a generated solution.</summary>
internal sealed class Backend : IAsyncDisposable
{
    private readonly string solution;
    private readonly ConcurrentDictionary<(string Project, int Replica), ServerPort> ports = [];
    private readonly ConcurrentDictionary<(string Project, int Replica), Daemon> running = [];
    private readonly Dictionary<string, string> published = [];
    private readonly Dictionary<string, string> environment = [];
    private readonly HttpClient client = new();
    private bool hasSeparateProbes;

    /// <param name="solution">The folder of a built solution.</param>
    /// <param name="connectionStrings">The connection strings by name.</param>
    public Backend(string solution, IReadOnlyDictionary<string, string> connectionStrings)
    {
        this.solution = solution;
        foreach (var (name, value) in connectionStrings)
        {
            environment[$"ConnectionStrings__{name}"] = value;
        }

        environment["ASPNETCORE_ENVIRONMENT"] = "Development";
        environment["DOTNET_ENVIRONMENT"] = "Development";
        environment["Mail__PickupDirectory"] = Mails = TempFolder.Create("mails");
        // The tests use one client, which would exceed the default limit.
        environment["RateLimiting__Plans__standard__RequestsPerMinute"] = "600000";
        environment["RateLimiting__Plans__standard__Burst"] = "100000";
        // Logging each request would cost more than the request.
        environment[$"Logging__LogLevel__{Path.GetFileName(solution)}"] = "Information";
        Token.Configure(environment);
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Token.Create());
        client.DefaultRequestHeaders.IfMatch.Add(EntityTagHeaderValue.Any);
    }

    public Uri Address => AddressOf(replica: 0);

    public string Mails { get; }

    /// <summary>The folder of the logs.</summary>
    public string Logs { get; } = TempFolder.Create("logs");

    /// <summary>The logs of all processes so far.</summary>
    public string ReadLogs() => string.Concat(Directory.GetFiles(Logs).Order(StringComparer.Ordinal).Select(file =>
    {
        using var reader = new StreamReader(new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite));
        return reader.ReadToEnd();
    }));

    /// <summary>The API and worker processes that are expected to run.</summary>
    public IEnumerable<Daemon> Running => running.Values;

    /// <summary>The address of a replica, which is final once it has run.</summary>
    public Uri AddressOf(int replica) => new($"http://127.0.0.1:{PortOf("Api", replica).Number}/");

    /// <summary>The port of the probes of the API.</summary>
    public int Probes => ProbesOf(PortOf("Api", replica: 0));

    /// <summary>Replaces the payment simulator of the API. Takes effect at the next start.</summary>
    public void UsePaymentProvider(Uri provider) => Set("Payments__BaseUrl", provider.ToString());

    /// <summary>Sets an environment variable for all processes. Takes effect at their next start.</summary>
    public void Set(string name, string value) => environment[name] = value;

    public void Unset(string name) => environment.Remove(name);

    /// <summary>Serves the probes on a separate port. Takes effect at the next start.</summary>
    public void SeparateProbes() => hasSeparateProbes = true;

    public async Task MigrateAsync()
    {
        await using var migrator = Start("Migrator", port: null);
        Assert.True(await migrator.WaitForExitAsync() == 0, migrator.Log);
    }

    /// <summary>Starts all processes while a dependency is missing, and waits until the services are starting and the Migrator has failed.</summary>
    public async Task StartWithMissingDependencyAsync()
    {
        await using var migrator = Start("Migrator", port: null);
        foreach (var project in new[] { "Api", "Worker" })
        {
            await StartAsync(project, replica: 0, "Starting");
        }

        Assert.NotEqual(0, await migrator.WaitForExitAsync());
    }

    /// <summary>Runs a project from its published output. Takes effect at its next start.</summary>
    public void UsePublished(string project, string folder) => published[project] = folder;

    public Task StartApiAsync(int replica = 0) => StartAsync("Api", replica);

    /// <summary>Starts the API, and waits until its health is <paramref name="status"/>.</summary>
    public Task StartApiAsync(string status) => StartAsync("Api", replica: 0, status);

    /// <summary>Starts an API that is expected to exit with an error.</summary>
    public async Task StartFailingApiAsync()
    {
        await using var api = Start("Api", PortOf("Api", replica: 1));
        Assert.NotEqual(0, await api.WaitForExitAsync());
    }

    public Task StartWorkerAsync(int replica = 0) => StartAsync("Worker", replica);

    /// <summary>Starts the worker, and waits until its health is <paramref name="status"/>.</summary>
    public Task StartWorkerAsync(string status) => StartAsync("Worker", replica: 0, status);

    /// <returns>The health of the worker; null if it does not respond.</returns>
    public Task<string?> GetWorkerHealthAsync() => GetHealthAsync(ProbesOf(PortOf("Worker", replica: 0)));

    public Task KillApiAsync(int replica = 0) => running[("Api", replica)].KillAsync();

    public Daemon Api => ApiOf(replica: 0);

    public Daemon ApiOf(int replica) => running[("Api", replica)];

    /// <summary>Stops the API gracefully with SIGTERM.</summary>
    /// <returns>Its exit code.</returns>
    public Task<int> StopApiAsync(int replica) => running[("Api", replica)].StopAsync();

    public Task<string?> GetHealthAsync() => GetHealthAsync(Probes);

    public string WorkerLog => running[("Worker", 0)].Log;

    /// <summary>Runs a command of the worker.</summary>
    public Task<CommandResult> RunWorkerAsync(params string[] command) => Command.RunAsync(
        "dotnet", [ProgramOf("Worker"), .. command], Path.Combine(solution, "src", "Worker"), Daemon.WaitTimeout, Settings());

    public Task KillWorkerAsync(int replica = 0) => running[("Worker", replica)].KillAsync();

    /// <summary>Stops the worker gracefully with SIGTERM.</summary>
    /// <returns>Its exit code.</returns>
    public Task<int> StopWorkerAsync() => running[("Worker", 0)].StopAsync();

    /// <summary>Suspends the worker with SIGSTOP.</summary>
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

    public Task WaitForStatusAsync(Guid order, string status) => WaitUntilAsync(async () => await GetStatusAsync(order) == status);

    /// <summary>Waits for a condition. On timeout, the exception shows the log of the process that handles messages.</summary>
    public Task WaitUntilAsync(Func<Task<bool>> condition)
    {
        var handling = running.TryGetValue(("Worker", 0), out var worker) && !worker.HasExited ? worker : running[("Api", 0)];
        return handling.WaitUntilAsync(condition);
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

    private async Task StartAsync(string project, int replica, string status = "Healthy")
    {
        if (running.TryGetValue((project, replica), out var earlier))
        {
            await earlier.DisposeAsync();
        }

        var port = PortOf(project, replica);
        await port.StartAsync(async () =>
        {
            var daemon = running[(project, replica)] = Start(project, port);
            await daemon.WaitUntilAsync(async () => await GetHealthAsync(ProbesOf(port)) == status);
        });
        if ((project, replica) == ("Api", 0))
        {
            client.BaseAddress ??= Address;
        }
    }

    // The second port is for the probes.
    private ServerPort PortOf(string project, int replica) => ports.GetOrAdd((project, replica), _ => new ServerPort(count: 2));

    private int ProbesOf(ServerPort port) => hasSeparateProbes ? port.Number + 1 : port.Number;

    private string ProgramOf(string project) => Path.Combine(
        published.GetValueOrDefault(project) ?? Path.Combine(solution, "src", project, "bin", "Debug", "net10.0"),
        $"{Path.GetFileName(solution)}.{project}.dll");

    private Dictionary<string, string> Settings()
    {
        var settings = new Dictionary<string, string>(environment);
        settings.TryAdd("Payments__BaseUrl", $"{Address}payment-simulator/");
        return settings;
    }

    private Daemon Start(string project, ServerPort? port)
    {
        var folder = published.GetValueOrDefault(project) ?? Path.Combine(solution, "src", project);
        var settings = Settings();
        if (port is not null)
        {
            settings["ASPNETCORE_URLS"] = $"http://127.0.0.1:{port.Number}";
            if (hasSeparateProbes)
            {
                settings["Health__Port"] = $"{ProbesOf(port)}";
            }
        }

        return Daemon.Start(
            "dotnet",
            [ProgramOf(project)],
            folder,
            Path.Combine(Logs, $"{project}-{Guid.NewGuid():N}"),
            settings);
    }
}
