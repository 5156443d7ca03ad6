using System.Diagnostics;
using System.Globalization;
using ScalableTemplates.Tests.Infrastructure;

namespace ScalableTemplates.Tests.EndToEnd;

/// <summary>A background process whose output is written to log files.</summary>
internal sealed class Daemon : IAsyncDisposable
{
    /// <summary>How long to wait for a condition. Long, as the machine may be busy; an exit of the process is detected immediately.</summary>
    public static readonly TimeSpan WaitTimeout = TimeSpan.FromMinutes(5);

    private readonly Process process;
    private readonly Task logging;

    private Daemon(Process process, string logFile)
    {
        this.process = process;
        LogFile = logFile;
        logging = Task.WhenAll(
            CopyAsync(process.StandardOutput, logFile),
            CopyAsync(process.StandardError, logFile + ".error"));
    }

    public string LogFile { get; }

    public int Id => process.Id;

    public bool HasExited => process.HasExited;

    /// <summary>The current working set in bytes.</summary>
    public long WorkingSet
    {
        get
        {
            process.Refresh();
            return process.WorkingSet64;
        }
    }

    /// <summary>The CPU time used so far.</summary>
    public TimeSpan ProcessorTime
    {
        get
        {
            process.Refresh();
            return process.TotalProcessorTime;
        }
    }

    public string Log => Read(LogFile) + Read(LogFile + ".error");

    public static Daemon Start(string file, IEnumerable<string> arguments, string folder, string logFile, IReadOnlyDictionary<string, string>? environment = null)
    {
        var info = Command.StartInfo(file, arguments, folder, environment);
        return new Daemon(Process.Start(info) ?? throw new InvalidOperationException($"Did not start: {file}"), logFile);
    }

    /// <summary>Waits until the process is ready. The exception on exit or timeout shows its log.</summary>
    /// <exception cref="DaemonEndedException">The process has exited.</exception>
    public async Task WaitUntilAsync(Func<Task<bool>> isReady)
    {
        var started = Stopwatch.StartNew();
        var ended = process.WaitForExitAsync();
        while (true)
        {
            // Another process on the same port may receive the probe and never respond.
            var ready = isReady();
            if (await Task.WhenAny(ready, ended) == ready && await ready)
            {
                return;
            }

            if (ended.IsCompleted)
            {
                // The last output contains the reason. It is complete in a moment, unless a child process keeps the pipe open.
                await Task.WhenAny(logging, Task.Delay(TimeSpan.FromSeconds(5)));
                throw new DaemonEndedException($"{process.StartInfo.FileName} ended:{Environment.NewLine}{Log}");
            }

            if (started.Elapsed > WaitTimeout)
            {
                throw new TimeoutException($"{process.StartInfo.FileName} is not ready after {WaitTimeout}:{Environment.NewLine}{Log}");
            }

            await Task.Delay(100);
        }
    }

    /// <summary>Kills the process and its descendants with SIGKILL.</summary>
    public async Task KillAsync()
    {
        process.Kill(entireProcessTree: true);
        await process.WaitForExitAsync();
    }

    /// <summary>Stops the process with SIGTERM, as an orchestrator does, and waits for its exit.</summary>
    /// <returns>The exit code.</returns>
    public async Task<int> StopAsync()
    {
        await SignalAsync("-TERM", process.Id.ToString(CultureInfo.InvariantCulture));
        return await WaitForExitAsync();
    }

    /// <summary>Suspends the process and its descendants with SIGSTOP: they keep their connections but do not respond.</summary>
    public Task PauseAsync() => SignalTreeAsync("-STOP", process.Id.ToString(CultureInfo.InvariantCulture));

    public Task ResumeAsync() => SignalTreeAsync("-CONT", process.Id.ToString(CultureInfo.InvariantCulture));

    /// <returns>The exit code.</returns>
    public async Task<int> WaitForExitAsync()
    {
        await process.WaitForExitAsync().WaitAsync(WaitTimeout);
        return process.ExitCode;
    }

    public async ValueTask DisposeAsync()
    {
        if (!process.HasExited)
        {
            await KillAsync();
        }

        await logging;
        process.Dispose();
    }

    // Parents first, as suspended processes do not start children.
    private static async Task SignalTreeAsync(string signal, string id)
    {
        await SignalAsync(signal, id);
        foreach (var child in ChildrenOf(id))
        {
            try
            {
                await SignalTreeAsync(signal, child);
            }
            catch (InvalidOperationException) when (!Directory.Exists($"/proc/{child}"))
            {
                // The child has exited.
            }
        }
    }

    private static string[] ChildrenOf(string id)
    {
        try
        {
            return [.. Directory.GetDirectories($"/proc/{id}/task")
                .SelectMany(thread => File.ReadAllText($"{thread}/children").Split(' ', StringSplitOptions.RemoveEmptyEntries))];
        }
        catch (Exception exception) when (exception is IOException)
        {
            return [];
        }
    }

    // Does not use Command, which limits concurrency: a signal would wait for builds.
    private static async Task SignalAsync(string signal, string id)
    {
        using var kill = Process.Start("kill", [signal, id]);
        await kill.WaitForExitAsync();
        if (kill.ExitCode != 0)
        {
            throw new InvalidOperationException($"kill {signal} {id}: {kill.ExitCode}");
        }
    }

    private static string Read(string file)
    {
        using var reader = new StreamReader(new FileStream(file, FileMode.OpenOrCreate, FileAccess.Read, FileShare.ReadWrite));
        return reader.ReadToEnd();
    }

    private static async Task CopyAsync(StreamReader reader, string file)
    {
        await using var writer = new StreamWriter(new FileStream(file, FileMode.Append, FileAccess.Write, FileShare.ReadWrite)) { AutoFlush = true };
        while (await reader.ReadLineAsync() is { } line)
        {
            await writer.WriteLineAsync(line);
        }
    }
}

internal sealed class DaemonEndedException(string message) : InvalidOperationException(message);
