using Testcontainers.RabbitMq;

namespace Shop.IntegrationTests;

internal sealed class RabbitMqServer : ITestServer
{
    private IAsyncDisposable? _resource;

    public IReadOnlyList<string> ConnectionStrings => ["broker"];

    public async Task StartContainerAsync(IDictionary<string, string> settings, CancellationToken cancellationToken)
    {
        var rabbitMq = new RabbitMqBuilder("rabbitmq:4.3.6").Build();
        _resource = rabbitMq;
        await rabbitMq.StartAsync(cancellationToken);
        settings["ConnectionStrings:broker"] = rabbitMq.GetConnectionString();
    }

    public async Task UseExistingAsync(Func<string, string?> find, IDictionary<string, string> settings, CancellationToken cancellationToken)
    {
        var virtualHost = await TestVirtualHost.ReserveAsync(find("broker")!, cancellationToken);
        _resource = virtualHost;
        settings["ConnectionStrings:broker"] = virtualHost.ConnectionString;
    }

    public ValueTask DisposeAsync() => _resource?.DisposeAsync() ?? default;
}
