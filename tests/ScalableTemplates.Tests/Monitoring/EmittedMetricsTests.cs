using ScalableTemplates.Tests.EndToEnd;

namespace ScalableTemplates.Tests.Monitoring;

/// <summary>What dashboards and rules query is what the running system emits.</summary>
[Collection("End to end")]
public sealed class EmittedMetricsTests(ServersFixture servers) : IAsyncLifetime
{
    private MonitoredShop? shop;

    public async Task InitializeAsync()
    {
        if (ServersFixture.Missing is null)
        {
            shop = new MonitoredShop(servers);
            await shop.RunAsync();
        }
    }

    public Task DisposeAsync() => shop?.DisposeAsync().AsTask() ?? Task.CompletedTask;

    [SkippableFact]
    public void Dump()
    {
        File.WriteAllLines("/tmp/mon/dump.txt", shop!.Collector.Samples.Select(s => $"{s.Kind} {s.Name} {s.Value} {string.Join(' ', s.Labels.Where(l => l.Key != "instance").Select(l => $"{l.Key}={l.Value}"))}").Order());
    }
}
