using System.Text;
using ScalableTemplates.Tests.Monitoring;

namespace ScalableTemplates.Tests.EndToEnd;

/// <summary>Resource attributes and trace sampling of a process without an AppHost.</summary>
public sealed class TelemetryTests : IDisposable
{
    private const string TraceId = "0af7651916cd43dd8448eb211c80319c";

    private readonly OtlpReceiver receiver = new();

    private IEnumerable<(string Path, string Body)> Received => receiver.Requests.Select(request => (request.Path, Encoding.Latin1.GetString(request.Body)));

    public void Dispose() => receiver.Dispose();

    [Fact]
    public async Task Resource_attributes_are_set_unless_the_environment_sets_them()
    {
        await using (await StartAsync(trustsCallers: false))
        {
            await UntilAsync(() => Received.Any(export => export.Path == "/v1/metrics"));
        }

        var body = Received.First(export => export.Path == "/v1/metrics").Body;
        Assert.All(["service.name", "Shop.Api", "service.version", "service.instance.id", "deployment.environment.name", "Development"], text => Assert.Contains(text, body, StringComparison.Ordinal));

        receiver.Clear();
        await using (await StartAsync(trustsCallers: false, ("OTEL_SERVICE_NAME", "orders"), ("OTEL_RESOURCE_ATTRIBUTES", "deployment.environment.name=blue")))
        {
            await UntilAsync(() => Received.Any(export => export.Path == "/v1/metrics"));
        }

        body = Received.First(export => export.Path == "/v1/metrics").Body;
        Assert.All(["orders", "blue"], text => Assert.Contains(text, body, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task The_sampling_decision_of_a_caller_is_honored_only_if_callers_are_trusted(bool trustsCallers)
    {
        await using var api = await StartAsync(trustsCallers, ("OTEL_TRACES_SAMPLER", "parentbased_traceidratio"), ("OTEL_TRACES_SAMPLER_ARG", "0"));
        using var client = new HttpClient();
        using var request = new HttpRequestMessage(HttpMethod.Get, api.Address + "v1/products");
        request.Headers.Add("traceparent", $"00-{TraceId}-b7ad6b7169203331-01");
        using var response = await client.SendAsync(request);

        var traceId = Encoding.Latin1.GetString(Convert.FromHexString(TraceId));
        if (trustsCallers)
        {
            await UntilAsync(() => Received.Any(export => export.Body.Contains(traceId, StringComparison.Ordinal)));
        }
        else
        {
            await Task.Delay(TimeSpan.FromSeconds(3));
            Assert.DoesNotContain(Received, export => export.Path == "/v1/traces" && export.Body.Contains(traceId, StringComparison.Ordinal));
        }
    }

    private static async Task UntilAsync(Func<bool> condition)
    {
        using var timeout = new CancellationTokenSource(Daemon.WaitTimeout);
        while (!condition())
        {
            await Task.Delay(100, timeout.Token);
        }
    }

    private Task<SingleApi> StartAsync(bool trustsCallers, params (string Name, string Value)[] settings)
    {
        var environment = new Dictionary<string, string>(receiver.Settings)
        {
            ["ASPNETCORE_ENVIRONMENT"] = "Development",
            ["Telemetry__TrustIncomingTraceContext"] = $"{trustsCallers}",
        };
        foreach (var (name, value) in settings)
        {
            environment[name] = value;
        }

        return SingleApi.StartAsync(environment);
    }
}
