using Polly;
using Polly.Registry;
using RabbitMQ.Client;
using ScalableBackend.ServiceDefaults;

namespace ScalableBackend.Core.Messaging.RabbitMq;

/// <summary>Publishes with confirms: when the call returns, the broker has the message on disk in a queue.</summary>
internal sealed class RabbitMqPublisher(RabbitMqConnection connection, ResiliencePipelineProvider<string> pipelines) : IAsyncDisposable
{
    // More than all lanes of the relay have under way, so that none waits for another.
    private const int MaxUnconfirmed = 1000;

    private static readonly CreateChannelOptions WithConfirms = new(
        publisherConfirmationsEnabled: true,
        publisherConfirmationTrackingEnabled: true,
        outstandingPublisherConfirmationsRateLimiter: new ThrottlingRateLimiter(MaxUnconfirmed));

    private readonly ResiliencePipeline _pipeline = pipelines.GetPipeline(ResourceNames.Broker);
    private readonly SemaphoreSlim _opening = new(1, 1);
    private IChannel? _channel;

    /// <exception cref="RabbitMQ.Client.Exceptions.PublishException">The broker refused the message, or no queue takes it.</exception>
    /// <exception cref="ExecutionRejectedException">The broker did not answer in time, or lately did not.</exception>
    public async Task PublishAsync(
        string exchange, string routingKey, BasicProperties properties, ReadOnlyMemory<byte> body, CancellationToken cancellationToken) =>
        await _pipeline.ExecuteAsync(
            async timeout => await (await OpenAsync(timeout)).BasicPublishAsync(exchange, routingKey, mandatory: true, properties, body, timeout),
            cancellationToken);

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
