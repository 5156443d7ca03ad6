using RabbitMQ.Client;

namespace ScalableBackend.Shared.Messaging.RabbitMq;

/// <summary>
/// A connection, opened when first needed and again after it was lost. Each process has one for consuming and one for publishing:
/// under a memory or disk alarm the broker reads nothing from connections that publish, acknowledgements included.
/// </summary>
internal sealed class RabbitMqConnection(IConnectionFactory factory) : IAsyncDisposable
{
    // A broker that hangs must not hold up the shutdown: together these take less than what is left of it after the drain delay.
    public static readonly TimeSpan ContinuationTimeout = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan CloseTimeout = TimeSpan.FromSeconds(2);

    private readonly SemaphoreSlim _opening = new(1, 1);
    private IConnection? _connection;

    /// <summary>Why the broker takes no messages at the moment, such as a memory alarm; null if it does.</summary>
    public string? BlockedReason { get; private set; }

    public async Task<IConnection> OpenAsync(CancellationToken cancellationToken)
    {
        await _opening.WaitAsync(cancellationToken);
        try
        {
            if (_connection is not { IsOpen: true })
            {
                await CloseAsync();
                _connection = await factory.CreateConnectionAsync(cancellationToken);
                _connection.ConnectionBlockedAsync += (_, blocked) => SetBlockedAsync(blocked.Reason);
                _connection.ConnectionUnblockedAsync += (_, _) => SetBlockedAsync(null);
            }

            return _connection;
        }
        finally
        {
            _opening.Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await CloseAsync();
        _opening.Dispose();
    }

    private Task SetBlockedAsync(string? reason)
    {
        BlockedReason = reason;
        return Task.CompletedTask;
    }

    private async Task CloseAsync()
    {
        if (_connection is not null)
        {
            BlockedReason = null;
            await _connection.AbortAsync(CloseTimeout);
            await _connection.DisposeAsync();
            _connection = null;
        }
    }
}
