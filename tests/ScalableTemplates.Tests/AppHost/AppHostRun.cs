using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.RegularExpressions;
using ScalableTemplates.Tests.EndToEnd;
using ScalableTemplates.Tests.Infrastructure;

namespace ScalableTemplates.Tests.AppHost;

/// <summary>Runs a solution as developers do, with <c>dotnet run --project src/AppHost</c>, and removes its persistent containers at the end.</summary>
internal sealed partial class AppHostRun : IAsyncDisposable
{
    // The first start pulls images.
    private static readonly TimeSpan StartTimeout = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan StopTimeout = TimeSpan.FromMinutes(2);

    private readonly AppHostFixture fixture;
    private readonly HashSet<string> containers = [];
    private readonly HttpClient client;
    private readonly bool needsToken;
    private Daemon? daemon;

    public AppHostRun(string solution, AppHostFixture fixture)
    {
        Solution = solution;
        this.fixture = fixture;
        Environment = new(fixture.Engine.Environment)
        {
            ["HOME"] = fixture.Home,
            ["NUGET_PACKAGES"] = System.Environment.GetEnvironmentVariable("NUGET_PACKAGES")
                ?? Path.Combine(System.Environment.GetFolderPath(System.Environment.SpecialFolder.UserProfile), ".nuget", "packages"),
            ["DOTNET_GENERATE_ASPNET_CERTIFICATE"] = "false",
            // For builds by the Aspire CLI, so that they find the output of the first build up to date.
            ["RunAnalyzers"] = "false",
            ["ASPIRE_CLI_TELEMETRY_OPTOUT"] = "true",
        };
        Address = new Uri(Url().Match(File.ReadAllText(Path.Combine(solution, "src", "Api", "Properties", "launchSettings.json"))).Value);
        client = new HttpClient { BaseAddress = Address };
        needsToken = File.Exists(Path.Combine(solution, "src", "Api", "JwtExtensions.cs"));
    }

    public string Solution { get; }

    /// <summary>The environment variables of the AppHost, which the services inherit.</summary>
    public Dictionary<string, string> Environment { get; }

    /// <summary>The address of the API.</summary>
    public Uri Address { get; }

    public string Log => daemon!.Log;

    /// <summary>The time from the command until the API is healthy.</summary>
    public TimeSpan StartTime { get; private set; }

    /// <summary>Starts the AppHost and waits until the API is healthy.</summary>
    public Task StartAsync() => StartAsync("dotnet", "run", "--no-build", "--project", "src/AppHost", "--launch-profile", "http");

    /// <summary>Starts the AppHost with a command that stays in the foreground, and waits until the API is healthy.</summary>
    public async Task StartAsync(string file, params string[] arguments)
    {
        var clock = Stopwatch.StartNew();
        daemon = Daemon.Start(file, arguments, Solution, Path.Combine(TempFolder.Create("apphost"), "log"), Environment);
        await daemon.WaitUntilAsync(IsHealthyAsync);
        StartTime = clock.Elapsed;
        await RecordContainersAsync();
    }

    /// <summary>Runs the AppHost until it exits, for starts that fail.</summary>
    public Task<CommandResult> RunAsync(params string[] arguments) => Command.RunAsync(
        "dotnet", ["run", "--no-build", "--project", "src/AppHost", "--launch-profile", "http", "--", .. arguments], Solution, StopTimeout, Environment);

    /// <summary>Stops the AppHost with SIGTERM.</summary>
    /// <returns>The exit code, and the processes that are still running.</returns>
    public async Task<(int ExitCode, string[] LeftBehind)> StopAsync()
    {
        var exitCode = await daemon!.StopAsync();
        await daemon.DisposeAsync();
        daemon = null;
        // The supervising process exits a moment after the last of its processes.
        for (var clock = Stopwatch.StartNew(); Processes().Length > 0 && clock.Elapsed < StopTimeout;)
        {
            await Task.Delay(100);
        }

        return (exitCode, Processes());
    }

    /// <summary>Runs a command of the Aspire CLI.</summary>
    public async Task<CommandResult> AspireAsync(params string[] arguments) => await Command.RunAsync(
        await fixture.GetCliAsync(), [.. arguments, "--nologo", "--non-interactive"], Solution, StartTimeout, Environment);

    /// <summary>The resources that the dashboard shows.</summary>
    public async Task<IReadOnlyList<JsonElement>> DescribeAsync()
    {
        var output = (await AspireAsync("describe", "--format", "Json")).EnsureSuccess().Output;
        return [.. JsonDocument.Parse(output[output.IndexOf('{', StringComparison.Ordinal)..]).RootElement.GetProperty("resources").EnumerateArray()];
    }

    public async Task<JsonElement> DescribeAsync(string resource) =>
        (await DescribeAsync()).First(found => found.GetProperty("displayName").GetString() == resource);

    /// <summary>The spans that the dashboard has received.</summary>
    public async Task<IReadOnlyList<Span>> GetSpansAsync()
    {
        var output = (await AspireAsync("otel", "spans", "--format", "Json", "--limit", "5000")).EnsureSuccess().Output;
        return JsonSerializer.Deserialize<List<Span>>(output[output.IndexOf('[', StringComparison.Ordinal)..], JsonSerializerOptions.Web)!;
    }

    /// <summary>Creates a development token as described in README.md, and waits until the API has loaded its key.</summary>
    public async Task<string> CreateTokenAsync()
    {
        string[] arguments = ["user-jwts", "create", "--project", "src/Api", "--scope", "orders", "--scope", "catalog:write", "--output", "token"];
        var token = (await Command.RunAsync("dotnet", arguments, Solution, StopTimeout, Environment)).EnsureSuccess().Output.Trim();
        await WaitUntilAsync(async () =>
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, "v1/products");
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
            using var response = await client.SendAsync(request);
            return response.IsSuccessStatusCode;
        });
        return token;
    }

    public async Task<Uri> PlaceOrderAsync()
    {
        if (needsToken)
        {
            client.DefaultRequestHeaders.Authorization ??= new AuthenticationHeaderValue("Bearer", await CreateTokenAsync());
        }

        var products = await client.GetFromJsonAsync<JsonElement>("v1/products?limit=1");
        using var request = new HttpRequestMessage(HttpMethod.Post, "v1/orders");
        request.Headers.Add("Idempotency-Key", Guid.NewGuid().ToString());
        request.Content = JsonContent.Create(new
        {
            Email = "ada@example.com",
            PaymentMethod = "card",
            Lines = new[] { new { ProductId = products.GetProperty("items")[0].GetProperty("id").GetGuid(), Quantity = 2 } },
        });
        using var response = await client.SendAsync(request);
        Assert.Equal(HttpStatusCode.Accepted, response.StatusCode);
        return response.Headers.Location!;
    }

    public async Task<string> GetStatusAsync(Uri order) => (await client.GetFromJsonAsync<JsonElement>(order)).GetProperty("status").GetString()!;

    public Task WaitForStatusAsync(Uri order, string status) => WaitUntilAsync(async () => await GetStatusAsync(order) == status);

    /// <summary>Waits for a condition. On timeout, the exception shows the log of the AppHost.</summary>
    public async Task WaitUntilAsync(Func<Task<bool>> condition)
    {
        if (daemon is not null)
        {
            await daemon.WaitUntilAsync(condition);
            return;
        }

        // The AppHost was started in the background by another command.
        for (var clock = Stopwatch.StartNew(); !await condition();)
        {
            Assert.True(clock.Elapsed < Daemon.WaitTimeout, $"The condition was not met within {Daemon.WaitTimeout}.");
            await Task.Delay(100);
        }
    }

    public async Task<bool> IsHealthyAsync()
    {
        try
        {
            // On a busy machine, a request that is sent before the API is ready may never get a response.
            using var timeout = new CancellationTokenSource(TimeSpan.FromSeconds(10));
            return await client.GetStringAsync(new Uri("health", UriKind.Relative), timeout.Token) == "Healthy";
        }
        catch (Exception exception) when (exception is HttpRequestException or TaskCanceledException)
        {
            return false;
        }
    }

    /// <summary>Records the running containers, which are removed at the end.</summary>
    public async Task RecordContainersAsync() => containers.UnionWith((await DescribeAsync())
        .Where(resource => resource.GetProperty("resourceType").GetString() == "Container" && resource.GetProperty("state").GetString() == "Running")
        .Select(resource => resource.GetProperty("name").GetString()!));

    /// <returns>The id of each container by its name.</returns>
    public async Task<Dictionary<string, string>> GetContainerIdsAsync()
    {
        var ids = new Dictionary<string, string>();
        foreach (var name in containers)
        {
            ids[name] = await fixture.Engine.DockerAsync("inspect", "--format", "{{.Id}}", name);
        }

        return ids;
    }

    public async ValueTask DisposeAsync()
    {
        client.Dispose();
        if (daemon is not null)
        {
            await StopAsync();
        }

        foreach (var name in containers)
        {
            var volumes = await fixture.Engine.DockerAsync("inspect", "--format", "{{range .Mounts}}{{.Name}} {{end}}", name);
            await fixture.Engine.DockerAsync("rm", "--force", name);
            foreach (var volume in volumes.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            {
                await fixture.Engine.DockerAsync("volume", "rm", "--force", volume);
            }
        }
    }

    // The processes that run from the folder of the solution, and the one that supervises them.
    private string[] Processes() => [.. Directory.GetDirectories("/proc")
        .Select(process => Path.Combine(process, "cmdline"))
        .Where(File.Exists)
        .Select(ReadCommandLine)
        .Where(line => line.Contains(Solution + "/", StringComparison.Ordinal))];

    private static string ReadCommandLine(string file)
    {
        try
        {
            return File.ReadAllText(file).Replace('\0', ' ');
        }
        catch (IOException)
        {
            return "";
        }
    }

    [GeneratedRegex(@"http://localhost:\d+")]
    private static partial Regex Url();
}

/// <param name="TraceId">The id of the trace.</param>
/// <param name="ParentSpanId">Null for the root of the trace.</param>
/// <param name="Kind">Server, Client, Producer, Consumer or Internal.</param>
/// <param name="Name">The name of the operation.</param>
/// <param name="Source">The resource that created the span.</param>
internal sealed record Span(string TraceId, string? ParentSpanId, string? Kind, string? Name, string? Source);
