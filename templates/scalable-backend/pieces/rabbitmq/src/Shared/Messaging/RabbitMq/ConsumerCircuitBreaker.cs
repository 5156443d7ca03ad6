using ScalableBackend.Shared.Data;

namespace ScalableBackend.Shared.Messaging.RabbitMq;

/// <summary>
/// Pauses a consumer while the database is unavailable, read-only or full. Its messages are kept and use up no tries, and no handler
/// calls the outside again and again for what cannot be saved. When the database takes a row again, one message goes first.
/// </summary>
internal sealed partial class ConsumerCircuitBreaker(
    MessageProcessor processor, ConsumerHealthCheck health, string consumer, ILogger<ConsumerCircuitBreaker> logger) : IDisposable
{
    private static readonly TimeSpan MinPause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan MaxPause = TimeSpan.FromSeconds(30);

    private readonly SemaphoreSlim _probing = new(1, 1);
    private volatile bool _isOpen;

    /// <summary>Waits until the database can be written.</summary>
    public Task WaitForDatabaseAsync(CancellationToken stoppingToken) => ExecuteAsync(
        async () =>
        {
            if (!await processor.CanSaveAsync(stoppingToken))
            {
                throw new DatabaseUnavailableException("It takes no changes.");
            }
        },
        stoppingToken);

    /// <summary>Runs the work; after an outage again and again, until it has succeeded or failed for another reason.</summary>
    public async Task ExecuteAsync(Func<Task> work, CancellationToken stoppingToken)
    {
        while (!(_isOpen ? await ProbeAsync(work, stoppingToken) : await TryAsync(work, stoppingToken)))
        {
        }
    }

    public void Dispose() => _probing.Dispose();

    /// <returns>False after an outage.</returns>
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

    // Only one at a time; whoever waits for it meanwhile begins again when the breaker is closed.
    private async Task<bool> ProbeAsync(Func<Task> work, CancellationToken stoppingToken)
    {
        await _probing.WaitAsync(stoppingToken);
        try
        {
            for (var pause = MinPause; _isOpen; pause = pause * 2 < MaxPause ? pause * 2 : MaxPause)
            {
                // Jitter, so replicas do not probe in lockstep.
                await Task.Delay(pause * (0.5 + (Random.Shared.NextDouble() / 2)), stoppingToken);
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
            // The work has failed for another reason, so the database is available.
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

    [LoggerMessage(LogLevel.Error, "{Consumer} paused: the database is unavailable ({Reason}). Messages are kept and use up no tries; resumes when it can be written")]
    private partial void LogPaused(string consumer, string reason);

    [LoggerMessage(LogLevel.Information, "{Consumer} resumed: the database is available again")]
    private partial void LogResumed(string consumer);
}
