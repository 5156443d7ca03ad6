using Npgsql;

namespace ScalableTemplates.Tests.Faults;

/// <summary>Polls the number of confirmed orders while the database is reachable.</summary>
internal sealed class ConfirmationWatch : IAsyncDisposable
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(50);

    private readonly string connectionString;
    private readonly CancellationTokenSource stopping = new();
    private readonly Lock locked = new();
    private readonly List<DateTimeOffset> growth = [];
    private readonly Task watching;

    public ConfirmationWatch(string connectionString)
    {
        this.connectionString = connectionString;
        watching = WatchAsync();
    }

    public long Confirmed { get; private set; }

    public DateTimeOffset LastGrowth
    {
        get
        {
            lock (locked)
            {
                return growth.Count == 0 ? default : growth[^1];
            }
        }
    }

    /// <returns>The longest time between two confirmations, of those that began before <paramref name="end"/>.</returns>
    public TimeSpan LongestPause(DateTimeOffset end)
    {
        lock (locked)
        {
            return growth.Zip(growth.Skip(1)).Where(pair => pair.First < end).Select(pair => pair.Second - pair.First).DefaultIfEmpty().Max();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await stopping.CancelAsync();
        await watching;
        stopping.Dispose();
    }

    private async Task WatchAsync()
    {
        while (!stopping.IsCancellationRequested)
        {
            try
            {
                await PollAsync();
            }
            catch (NpgsqlException)
            {
                await Task.Delay(Interval);
            }
        }
    }

    private async Task PollAsync()
    {
        await using var connection = new NpgsqlConnection(connectionString + ";Pooling=false;Host Recheck Seconds=1");
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand("SELECT count(*) FROM orders WHERE status = 'Confirmed'", connection);
        while (!stopping.IsCancellationRequested)
        {
            var count = (long)(await command.ExecuteScalarAsync())!;
            if (count > Confirmed)
            {
                Confirmed = count;
                lock (locked)
                {
                    growth.Add(DateTimeOffset.UtcNow);
                }
            }

            await Task.Delay(Interval);
        }
    }
}
