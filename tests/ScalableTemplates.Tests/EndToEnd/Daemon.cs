using System.Diagnostics;
using System.Globalization;
using ScalableTemplates.Tests.Infrastructure;

namespace ScalableTemplates.Tests.EndToEnd;

/// <summary>A program that runs until it is ended, with what it prints kept in a file.</summary>
internal sealed class Daemon : IAsyncDisposable
{
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

    public string Log => Read(LogFile) + Read(LogFile + ".error");

    public static Daemon Start(string file, IEnumerable<string> arguments, string folder, string logFile, IReadOnlyDictionary<string, string>? environment = null)
    {
        var info = Command.StartInfo(file, arguments, folder, environment);
        return new Daemon(Process.Start(info) ?? throw new InvalidOperationException($"Did not start: {file}"), logFile);
    }

    /// <summary>Waits until it is ready, with an error that shows its log if it ends or takes too long.</summary>
    public async Task WaitUntilAsync(Func<Task<bool>> isReady, TimeSpan timeout)
    {
        var started = Stopwatch.StartNew();
        while (!await isReady())
        {
            if (process.HasExited || started.Elapsed > timeout)
            {
                throw new InvalidOperationException(
                    $"{process.StartInfo.FileName} {(process.HasExited ? "ended" : $"is not ready after {timeout}")}:{Environment.NewLine}{Log}");
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
    public async Task<int> StopAsync(TimeSpan timeout)
    {
        await SignalAsync("-TERM", process.Id.ToString(CultureInfo.InvariantCulture));
        return await WaitForExitAsync(timeout);
    }

    /// <summary>Has it and all its descendants hang: they keep their connections, and answer nothing.</summary>
    public Task PauseAsync() => SignalTreeAsync("-STOP", process.Id.ToString(CultureInfo.InvariantCulture));

    public Task ResumeAsync() => SignalTreeAsync("-CONT", process.Id.ToString(CultureInfo.InvariantCulture));

    /// <returns>Its exit code.</returns>
    public async Task<int> WaitForExitAsync(TimeSpan timeout)
    {
        await process.WaitForExitAsync().WaitAsync(timeout);
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

    private static async Task SignalAsync(string signal, string id) =>
        (await Command.RunAsync("kill", [signal, id], Path.GetTempPath(), TimeSpan.FromSeconds(30))).EnsureSuccess();

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
