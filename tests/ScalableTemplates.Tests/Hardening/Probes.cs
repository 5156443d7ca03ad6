using System.Collections.Concurrent;
using System.Diagnostics;
using ScalableTemplates.Tests.EndToEnd;

namespace ScalableTemplates.Tests.Hardening;

/// <summary>Probes a process as an orchestrator does, but more often.</summary>
internal sealed class Probes : IAsyncDisposable
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(200);

    private readonly HttpClient client;
    private readonly CancellationTokenSource stopping = new();
    private readonly ConcurrentBag<TimeSpan> answers = [];
    private readonly ConcurrentBag<string> wrong = [];
    private readonly Task asking;

    public Probes(Uri server)
    {
        client = new HttpClient { BaseAddress = server, Timeout = Daemon.WaitTimeout };
        asking = Task.WhenAll(ProbeAsync("alive"), ProbeAsync("health"));
    }

    public TimeSpan Slowest => answers.DefaultIfEmpty(TimeSpan.MaxValue).Max();

    /// <summary>Responses other than 200.</summary>
    public IEnumerable<string> Wrong => wrong;

    public async Task StopAsync()
    {
        await stopping.CancelAsync();
        await asking;
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        client.Dispose();
        stopping.Dispose();
    }

    public override string ToString() => $"{answers.Count} times 200, the slowest after {Slowest.TotalMilliseconds:0} ms; {wrong.Count} others";

    private async Task ProbeAsync(string path)
    {
        while (!stopping.IsCancellationRequested)
        {
            var started = Stopwatch.GetTimestamp();
            try
            {
                await client.GetStringAsync(path);
                answers.Add(Stopwatch.GetElapsedTime(started));
            }
            catch (Exception exception) when (exception is HttpRequestException or OperationCanceledException)
            {
                wrong.Add($"/{path}: {exception.Message}");
            }

            await Task.Delay(Interval);
        }
    }
}
