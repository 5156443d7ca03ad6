using Polly;
using Polly.Registry;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;
using RabbitMQ.Client.Exceptions;
using Shop.ServiceDefaults;

namespace Shop.Shared.Messaging.RabbitMq;

/// <summary>Publishes with publisher confirms: once the call returns, the message is stored in a queue.</summary>
internal sealed class RabbitMqPublisher(IConnectionFactory factory, ResiliencePipelineProvider<string> pipelines) : IAsyncDisposable
{
    // More than the messages of all concurrent batches of the relay, so that no batch waits for another.
    private const int MaxUnconfirmed = 1000;

    private static readonly CreateChannelOptions WithConfirms = new(
        publisherConfirmationsEnabled: true,
        publisherConfirmationTrackingEnabled: true,
        outstandingPublisherConfirmationsRateLimiter: new ThrottlingRateLimiter(MaxUnconfirmed));

    private readonly ResiliencePipeline _pipeline = pipelines.GetPipeline(ResourceNames.Broker);
    private readonly SemaphoreSlim _opening = new(1, 1);
    private readonly SemaphoreSlim _isolating = new(1, 1);
    private IChannel? _channel;

    public RabbitMqConnection Connection { get; } = new(factory);

    /// <summary>Whether the broker closed the channel or the connection because of a message, for example because it is too large.</summary>
    public static bool IsRejected(Exception exception) => exception is OperationInterruptedException
    {
        ShutdownReason: { Initiator: ShutdownInitiator.Peer, ReplyCode: Constants.PreconditionFailed or Constants.FrameError },
    };

    /// <exception cref="PublishException">The broker returned the message as unroutable, or rejected it (nack).</exception>
    /// <exception cref="OperationInterruptedException">The connection was lost, or the message can never be published (see <see cref="IsRejected"/>).</exception>
    /// <exception cref="ExecutionRejectedException">The broker did not respond in time, or the circuit is open.</exception>
    public async Task PublishAsync(
        string exchange, string routingKey, BasicProperties properties, ReadOnlyMemory<byte> body, CancellationToken cancellationToken)
    {
        try
        {
            await _pipeline.ExecuteAsync(async timeout => await PublishAsync(await OpenAsync(timeout), timeout), cancellationToken);
        }
        catch (OperationInterruptedException exception) when (IsRejected(exception))
        {
            // One of the messages in flight closed the shared channel. Published one by one on a channel of their own, only that message fails.
            await _isolating.WaitAsync(cancellationToken);
            try
            {
                await _pipeline.ExecuteAsync(
                    async timeout =>
                    {
                        await using var channel = await (await Connection.OpenAsync(timeout)).CreateChannelAsync(WithConfirms, timeout);
                        await PublishAsync(channel, timeout);
                    },
                    cancellationToken);
            }
            finally
            {
                _isolating.Release();
            }
        }

        ValueTask PublishAsync(IChannel channel, CancellationToken timeout) =>
            channel.BasicPublishAsync(exchange, routingKey, mandatory: true, properties, body, timeout);
    }

    // The channel ends with its connection; closing it separately would wait for a hanging broker once more.
    public async ValueTask DisposeAsync()
    {
        await Connection.DisposeAsync();
        _opening.Dispose();
        _isolating.Dispose();
    }

    private async Task<IChannel> OpenAsync(CancellationToken cancellationToken)
    {
        await _opening.WaitAsync(cancellationToken);
        try
        {
            if (_channel is not { IsOpen: true })
            {
                if (_channel is not null)
                {
                    await _channel.DisposeAsync();
                }

                _channel = await (await Connection.OpenAsync(cancellationToken)).CreateChannelAsync(WithConfirms, cancellationToken);
                await RabbitMqTopology.DeclareExchangeAsync(_channel, cancellationToken);
            }

            return _channel;
        }
        finally
        {
            _opening.Release();
        }
    }
}
