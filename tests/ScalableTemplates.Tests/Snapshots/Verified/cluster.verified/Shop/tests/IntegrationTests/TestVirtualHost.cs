using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;

namespace Shop.IntegrationTests;

/// <summary>
/// The virtual host 'tests' of a broker that may be shared, as a worker on the default virtual host would consume the messages of
/// the tests. An exclusive queue reserves it for one test run at a time, as concurrent runs would consume each other's messages.
/// </summary>
internal sealed class TestVirtualHost : IAsyncDisposable
{
    private const string Name = "tests";

    private readonly ConnectionFactory _factory;
    private IConnection? _connection;

    private TestVirtualHost(string broker) => _factory = new ConnectionFactory
    {
        Uri = new UriBuilder(broker) { Path = Name }.Uri,
        ClientProvidedName = "integration tests",
        AutomaticRecoveryEnabled = false,
    };

    public string ConnectionString => _factory.Uri.OriginalString;

    /// <exception cref="InvalidOperationException">The virtual host is missing or in use.</exception>
    public static async Task<TestVirtualHost> ReserveAsync(string broker, CancellationToken cancellationToken)
    {
        var virtualHost = new TestVirtualHost(broker);
        try
        {
            await virtualHost.ReserveAsync(cancellationToken);
            return virtualHost;
        }
        catch (Exception exception)
        {
            await virtualHost.DisposeAsync();
            if (virtualHost.Explain(exception) is { } explanation)
            {
                throw new InvalidOperationException(explanation, exception);
            }

            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_connection is not null)
        {
            await _connection.DisposeAsync();
        }
    }

    private async Task ReserveAsync(CancellationToken cancellationToken)
    {
        _connection = await _factory.CreateConnectionAsync(cancellationToken);
        await using var channel = await _connection.CreateChannelAsync(cancellationToken: cancellationToken);
        await channel.QueueDeclareAsync("test-run", durable: false, exclusive: true, autoDelete: false, cancellationToken: cancellationToken);
    }

    private string? Explain(Exception exception)
    {
        var refusal = exception as OperationInterruptedException ?? exception.InnerException as OperationInterruptedException;
        return refusal?.ShutdownReason?.ReplyCode switch
        {
            Constants.NotAllowed =>
                $"The tests need the virtual host '{Name}' on the broker. Run as an administrator: rabbitmqctl add_vhost {Name} "
                + $"&& rabbitmqctl set_permissions --vhost {Name} {_factory.UserName} '.*' '.*' '.*'",
            Constants.ResourceLocked => $"Another test run is using the virtual host '{Name}' of the broker. Run the tests again after it has finished.",
            _ => null,
        };
    }
}
