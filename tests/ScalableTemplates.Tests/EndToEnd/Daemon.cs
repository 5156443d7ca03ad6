using System.Diagnostics;
using System.Globalization;
using ScalableTemplates.Tests.Infrastructure;

namespace ScalableTemplates.Tests.EndToEnd;

/// <summary>A program that runs until it is ended, with what it prints kept in a file.</summary>
internal sealed class Daemon : IAsyncDisposable
{
    /// <summary>How long to wait for what has to come: its end is noticed at once, and a machine with other work to do may take long.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

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

    /// <summary>How much memory of the machine it holds now, in bytes.</summary>
    public long WorkingSet
    {
        get
        {
            process.Refresh();
            return process.WorkingSet64;
        }
    }

    /// <summary>How much of the processors it has used so far.</summary>
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

    /// <summary>Waits until it is ready, with an error that shows its log if it ends or takes too long.</summary>
    /// <exception cref="DaemonEndedException">It has ended.</exception>
    public async Task WaitUntilAsync(Func<Task<bool>> isReady)
    {
        var started = Stopwatch.StartNew();
        var ended = process.WaitForExitAsync();
        while (true)
        {
            // Who is asked whether it is ready may be another one, at the same port, that never answers.
            var ready = isReady();
            if (await Task.WhenAny(ready, ended) == ready && await ready)
            {
                return;
            }

            if (ended.IsCompleted)
            {
                // Its last words tell why; unless a child of it keeps the pipe open, they are there in a moment.
                await Task.WhenAny(logging, Task.Delay(TimeSpan.FromSeconds(5)));
                throw new DaemonEndedException($"{process.StartInfo.FileName} ended:{Environment.NewLine}{Log}");
            }

            if (started.Elapsed > Patience)
            {
                throw new TimeoutException($"{process.StartInfo.FileName} is not ready after {Patience}:{Environment.NewLine}{Log}");
            }

            await Task.Delay(100);
        }
    }

    /// <summary>Ends it at once, as kill -9 does.</summary>
    public async Task KillAsync()
    {
        process.Kill(entireProcessTree: true);
        await process.WaitForExitAsync();
    }

    /// <summary>Asks it to end, as an orchestrator does, and waits until it has.</summary>
    /// <returns>Its exit code.</returns>
    public async Task<int> StopAsync()
    {
        await SignalAsync("-TERM", process.Id.ToString(CultureInfo.InvariantCulture));
        return await WaitForExitAsync();
    }

    /// <summary>Has it and all its descendants hang: they keep their connections, and answer nothing.</summary>
    public Task PauseAsync() => SignalTreeAsync("-STOP", process.Id.ToString(CultureInfo.InvariantCulture));

    public Task ResumeAsync() => SignalTreeAsync("-CONT", process.Id.ToString(CultureInfo.InvariantCulture));

    /// <returns>Its exit code.</returns>
    public async Task<int> WaitForExitAsync()
    {
        await process.WaitForExitAsync().WaitAsync(Patience);
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

    // Parents first: once they hang, they have no more children.
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
                // It has ended meanwhile.
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

    // Not by Command: a signal that waits for its turn behind a build would come minutes later than the test takes it to be.
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
