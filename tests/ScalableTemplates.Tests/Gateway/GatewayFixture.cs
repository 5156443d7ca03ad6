using System.Globalization;
using ScalableTemplates.Tests.EndToEnd;
using ScalableTemplates.Tests.Infrastructure;

namespace ScalableTemplates.Tests.Gateway;

/// <summary>Three replicas of the API on PostgreSQL. The API has some more endpoints, which show what a replica receives.</summary>
public sealed class GatewayFixture : IAsyncLifetime
{
    public const int Replicas = 3;

    private const string Endpoints = """
        using System.Diagnostics;

        namespace Shop.Api;

        internal static class ReplicaApi
        {
            private static int _refused;
            private static int _refusedLate;

            public static void MapReplica(this WebApplication app)
            {
                app.MapGet("/replica/request", (HttpContext context) => new
                {
                    Replica = context.Connection.LocalPort,
                    Client = $"{context.Connection.RemoteIpAddress}",
                    context.Request.Scheme,
                    Host = context.Request.Host.Value,
                    TraceId = $"{Activity.Current?.TraceId}",
                    IsSampled = Activity.Current?.Recorded,
                });
                app.MapGet("/replica/stream", async (HttpContext context) =>
                {
                    await context.Response.WriteAsync("first,");
                    await context.Response.Body.FlushAsync();
                    await Task.Delay(TimeSpan.FromSeconds(5));
                    await context.Response.WriteAsync("last");
                }).AllowStreaming();
                app.MapGet("/replica/slow", (CancellationToken cancellationToken) => Task.Delay(TimeSpan.FromSeconds(14), cancellationToken));
                app.MapGet("/replica/refuse", () =>
                {
                    Interlocked.Increment(ref _refused);
                    return TypedResults.StatusCode(StatusCodes.Status503ServiceUnavailable);
                });
                app.MapGet("/replica/refused", () => Volatile.Read(ref _refused));
                app.MapGet("/replica/refuse-late", async () =>
                {
                    Interlocked.Increment(ref _refusedLate);
                    await Task.Delay(TimeSpan.FromSeconds(4));
                    return TypedResults.StatusCode(StatusCodes.Status503ServiceUnavailable);
                });
                app.MapGet("/replica/refused-late", () => Volatile.Read(ref _refusedLate));
            }
        }
        """;

    private readonly PostgresServer postgres = new();
    private Backend? backend;
    private GatewayProcess? gateway;

    internal string Solution { get; private set; } = "";

    internal Backend Backend
    {
        get
        {
            Skip.If(backend is null, ServersFixture.Missing);
            return backend!;
        }
    }

    /// <summary>The gateway in front of all replicas.</summary>
    internal GatewayProcess Gateway
    {
        get
        {
            Skip.If(gateway is null, ServersFixture.Missing);
            return gateway!;
        }
    }

    public async Task InitializeAsync()
    {
        if (ServersFixture.Missing is not null)
        {
            return;
        }

        var build = BuildAsync();
        await Task.WhenAll(build, postgres.StartAsync());
        Solution = await build;
        backend = new Backend(Solution, new Dictionary<string, string> { ["database"] = await postgres.CreateDatabaseAsync() });
        backend.Set("Shutdown__DrainDelay", "00:00:05");
        backend.Set("OTEL_TRACES_SAMPLER", "parentbased_traceidratio");
        backend.Set("OTEL_TRACES_SAMPLER_ARG", "0");
        await backend.MigrateAsync();
        await Task.WhenAll(Enumerable.Range(0, Replicas).Select(backend.StartApiAsync));
        gateway = await StartGatewayAsync(Enumerable.Range(0, Replicas));
    }

    public async Task DisposeAsync()
    {
        await (gateway?.DisposeAsync() ?? ValueTask.CompletedTask);
        await (backend?.DisposeAsync() ?? ValueTask.CompletedTask);
        await postgres.DisposeAsync();
    }

    /// <summary>Starts another replica of the API, with settings of its own.</summary>
    internal async Task StartReplicaAsync(int number, params (string Name, string Value)[] settings)
    {
        Array.ForEach(settings, setting => Backend.Set(setting.Name, setting.Value));
        await Backend.StartApiAsync(number);
        Array.ForEach(settings, setting => Backend.Unset(setting.Name));
    }

    /// <summary>Starts another gateway.</summary>
    internal Task<GatewayProcess> StartGatewayAsync(IEnumerable<int> replicas, params (string Name, string Value)[] settings) =>
        StartGatewayAsync(replicas, "Healthy", settings);

    /// <summary>Starts another gateway, and waits for its health.</summary>
    internal Task<GatewayProcess> StartGatewayAsync(IEnumerable<int> replicas, string health, params (string Name, string Value)[] settings)
    {
        var environment = replicas.ToDictionary(
            number => $"Services__api__http__{number.ToString(CultureInfo.InvariantCulture)}", number => Backend.AddressOf(number).ToString());
        // The replicas run in Development, where they have no separate port for probes.
        environment["Gateway__ApiHealthPort"] = "0";
        foreach (var (name, value) in settings)
        {
            environment[name] = value;
        }

        return GatewayProcess.StartAsync(Solution, environment, health);
    }

    private static async Task<string> BuildAsync()
    {
        var solution = await Scaffold.CreateAsync(TemplateOptions.Services
            .With(Dimension.Orchestrator, "none").With(Dimension.Gateway, "yarp").With(Dimension.Cache, "memory").With(Dimension.Broker, "database"));
        var api = Path.Combine(solution, "src", "Api");
        await File.WriteAllTextAsync(Path.Combine(api, "ReplicaApi.cs"), Endpoints);
        var program = Path.Combine(api, "Program.cs");
        var code = await File.ReadAllTextAsync(program);
        Assert.Contains("v1.MapOrders();", code, StringComparison.Ordinal);
        await File.WriteAllTextAsync(program, code.Replace("v1.MapOrders();", "v1.MapOrders();\napp.MapReplica();", StringComparison.Ordinal));
        (await Command.DotnetAsync(solution, "build", "-warnaserror", "-p:RunAnalyzers=false")).EnsureSuccess();
        return solution;
    }
}

[CollectionDefinition(nameof(GatewayFixture), DisableParallelization = true)]
public sealed class SharedGateway : ICollectionFixture<GatewayFixture>;
