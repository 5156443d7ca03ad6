using Testcontainers.Redis;

namespace Shop.IntegrationTests;

internal sealed class RedisServer : ITestServer
{
    private RedisContainer? _container;

    /// <summary>Prefix of keys and channels, as an existing server may be shared.</summary>
    public static string Prefix { get; } = $"tests-{Guid.NewGuid():N}:";

    public IReadOnlyList<string> ConnectionStrings => ["cache"];

    public async Task StartContainerAsync(IDictionary<string, string> settings, CancellationToken cancellationToken)
    {
        _container = new RedisBuilder("redis:8.6.7").Build();
        await _container.StartAsync(cancellationToken);
        settings["ConnectionStrings:cache"] = _container.GetConnectionString();
    }

    public Task UseExistingAsync(Func<string, string?> find, IDictionary<string, string> settings, CancellationToken cancellationToken)
    {
        settings["ConnectionStrings:cache"] = $"{find("cache")},channelPrefix={Prefix}";
        return Task.CompletedTask;
    }

    public ValueTask DisposeAsync() => _container?.DisposeAsync() ?? default;
}
