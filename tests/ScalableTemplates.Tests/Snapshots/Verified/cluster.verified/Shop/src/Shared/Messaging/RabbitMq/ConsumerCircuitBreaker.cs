using Shop.Shared.Data;

namespace Shop.Shared.Messaging.RabbitMq;

/// <summary>
/// Pauses a consumer while the database is unavailable, read-only or full. Its messages are kept and use up no attempts, and handlers
/// do not repeat external calls whose outcome cannot be saved. Once the database accepts writes again, one message probes it first.
/// </summary>
internal sealed partial class ConsumerCircuitBreaker(
    MessageProcessor processor, ConsumerHealthCheck health, string consumer, ILogger<ConsumerCircuitBreaker> logger) : IDisposable
{
    private static readonly TimeSpan MinDelay = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan MaxDelay = TimeSpan.FromSeconds(30);

    private readonly SemaphoreSlim _probing = new(1, 1);
    private volatile bool _isOpen;

    /// <summary>Waits until the database accepts writes.</summary>
    public Task WaitForDatabaseAsync(CancellationToken stoppingToken) => ExecuteAsync(
        async () =>
        {
            if (!await processor.CanSaveAsync(stoppingToken))
            {
                throw new DatabaseUnavailableException("It accepts no writes.");
            }
        },
        stoppingToken);

    /// <summary>Runs the work, and repeats it after an outage until it succeeds or fails for another reason.</summary>
    public async Task ExecuteAsync(Func<Task> work, CancellationToken stoppingToken)
    {
        while (!(_isOpen ? await ProbeAsync(work, stoppingToken) : await TryAsync(work, stoppingToken)))
        {
        }
    }

    public void Dispose() => _probing.Dispose();

    /// <returns>False if the database was unavailable.</returns>
    private async Task<bool> TryAsync(Func<Task> work, CancellationToken stoppingToken)
    {
        try
        {
            await work();
            return true;
        }
        catch (Exception exception) when (!stoppingToken.IsCancellationRequested)
        {
            if (!await processor.IsOutageAsync(exception, stoppingToken))
            {
                throw;
            }

            Open(exception);
            return false;
        }
    }

    // One probe at a time; the others start over once the circuit is closed.
    private async Task<bool> ProbeAsync(Func<Task> work, CancellationToken stoppingToken)
    {
        await _probing.WaitAsync(stoppingToken);
        try
        {
            for (var delay = MinDelay; _isOpen; delay = delay * 2 < MaxDelay ? delay * 2 : MaxDelay)
            {
                // Jitter, so replicas do not probe in lockstep.
                await Task.Delay(delay * (0.5 + (Random.Shared.NextDouble() / 2)), stoppingToken);
                if (await processor.CanSaveAsync(stoppingToken) && await TryAsync(work, stoppingToken))
                {
                    Close();
                    return true;
                }
            }

            return false;
        }
        catch (Exception) when (!stoppingToken.IsCancellationRequested)
        {
            // The work failed for another reason, so the database is available.
            Close();
            throw;
        }
        finally
        {
            _probing.Release();
        }
    }

    private void Open(Exception exception)
    {
        health.NotConsuming(consumer, "the database is unavailable");
        if (!_isOpen)
        {
            _isOpen = true;
            LogPaused(consumer, exception.GetBaseException().Message);
        }
    }

    private void Close()
    {
        _isOpen = false;
        health.Consuming(consumer);
        LogResumed(consumer);
    }

    [LoggerMessage(LogLevel.Error, "{Consumer} paused: the database is unavailable ({Reason}). Messages are kept and use up no attempts; the consumer resumes when the database accepts writes")]
    private partial void LogPaused(string consumer, string reason);

    [LoggerMessage(LogLevel.Information, "{Consumer} resumed: the database is available again")]
    private partial void LogResumed(string consumer);
}
