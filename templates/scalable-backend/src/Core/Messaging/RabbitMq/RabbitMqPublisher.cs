using RabbitMQ.Client;

namespace ScalableBackend.Core.Messaging.RabbitMq;

/// <summary>Publishes with confirms: when the call returns, the broker has the message on disk in a queue.</summary>
internal sealed class RabbitMqPublisher(RabbitMqConnection connection) : IAsyncDisposable
{
    // More than all lanes of the relay have under way, so that none waits for another.
    private const int MaxUnconfirmed = 1000;

    private static readonly CreateChannelOptions WithConfirms = new(
        publisherConfirmationsEnabled: true,
        publisherConfirmationTrackingEnabled: true,
        outstandingPublisherConfirmationsRateLimiter: new ThrottlingRateLimiter(MaxUnconfirmed));

    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(10);

    private readonly SemaphoreSlim _opening = new(1, 1);
    private IChannel? _channel;

    /// <exception cref="RabbitMQ.Client.Exceptions.PublishException">The broker refused the message, or no queue takes it.</exception>
    public async Task PublishAsync(
        string exchange, string routingKey, BasicProperties properties, ReadOnlyMemory<byte> body, CancellationToken cancellationToken)
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        timeout.CancelAfter(Timeout);
        var channel = await OpenAsync(timeout.Token);
        await channel.BasicPublishAsync(exchange, routingKey, mandatory: true, properties, body, timeout.Token);
    }

    public async ValueTask DisposeAsync()
    {
        await CloseAsync();
        _opening.Dispose();
    }

    private async Task<IChannel> OpenAsync(CancellationToken cancellationToken)
    {
        await _opening.WaitAsync(cancellationToken);
        try
        {
            if (_channel is not { IsOpen: true })
            {
                await CloseAsync();
                var open = await connection.OpenAsync(cancellationToken);
                _channel = await open.CreateChannelAsync(WithConfirms, cancellationToken);
                await RabbitMqTopology.DeclareExchangeAsync(_channel, cancellationToken);
            }

            return _channel;
        }
        finally
        {
            _opening.Release();
        }
    }

    private async Task CloseAsync()
    {
        if (_channel is not null)
        {
            await _channel.DisposeAsync();
            _channel = null;
        }
    }
}
