using RabbitMQ.Client;

namespace Shop.Shared.Messaging.RabbitMq;

/// <summary>
/// A connection that is opened on first use and reopened after a loss. Each process has one for consuming and one for publishing:
/// during a memory or disk alarm the broker reads nothing from publishing connections, acknowledgements included.
/// </summary>
internal sealed class RabbitMqConnection(IConnectionFactory factory) : IAsyncDisposable
{
    // A hanging broker must not delay shutdown: both together take less time than is left after the drain delay.
    public static readonly TimeSpan ContinuationTimeout = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan CloseTimeout = TimeSpan.FromSeconds(2);

    private readonly SemaphoreSlim _opening = new(1, 1);
    private IConnection? _connection;

    /// <summary>Why the broker has blocked the connection, such as a memory alarm; null if it is not blocked.</summary>
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
