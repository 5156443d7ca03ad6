using Npgsql;

namespace ScalableTemplates.Tests.Faults;

/// <summary>Sees orders become confirmed, as far as the database lets it look.</summary>
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

    /// <returns>The longest time without a newly confirmed order that began before <paramref name="end"/>.</returns>
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
                await LookAsync();
            }
            catch (NpgsqlException)
            {
                await Task.Delay(Interval);
            }
        }
    }

    private async Task LookAsync()
    {
        await using var connection = new NpgsqlConnection(connectionString + ";Pooling=false");
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
