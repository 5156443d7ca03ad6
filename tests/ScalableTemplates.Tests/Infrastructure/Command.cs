using System.Diagnostics;

namespace ScalableTemplates.Tests.Infrastructure;

/// <summary>Runs a program until it exits.</summary>
internal static class Command
{
    // One compiler server for all builds of the run, as otherwise each build would load the compiler and its analyzers.
    private static readonly Dictionary<string, string> SharedCompilation = new() { ["UseSharedCompilation"] = "true" };

    // Limits concurrency, as each 'dotnet' process uses all cores.
    private static readonly SemaphoreSlim Slots = new(Math.Max(2, Environment.ProcessorCount));

    public static Task<CommandResult> DotnetAsync(string folder, params string[] arguments) =>
        RunAsync("dotnet", arguments, folder, TimeSpan.FromMinutes(30), SharedCompilation);

    /// <summary>Publishes a project in Release configuration.</summary>
    /// <returns>The folder of the published output.</returns>
    public static async Task<string> PublishAsync(string project)
    {
        var output = TempFolder.Create("published");
        (await DotnetAsync(project, "publish", "--configuration", "Release", "--output", output, "-nodeReuse:false")).EnsureSuccess();
        return output;
    }

    public static async Task<CommandResult> RunAsync(
        string file, IReadOnlyCollection<string> arguments, string folder, TimeSpan timeout, IReadOnlyDictionary<string, string>? environment = null)
    {
        var commandLine = $"{file} {string.Join(' ', arguments)}";
        await Slots.WaitAsync();
        try
        {
            using var deadline = new CancellationTokenSource(timeout);
            using var process = Process.Start(StartInfo(file, arguments, folder, environment))
                ?? throw new InvalidOperationException($"Could not start: {commandLine}");
            process.StandardInput.Close();
            var output = process.StandardOutput.ReadToEndAsync(deadline.Token);
            var error = process.StandardError.ReadToEndAsync(deadline.Token);
            try
            {
                await process.WaitForExitAsync(deadline.Token);
                return new CommandResult(commandLine, process.ExitCode, await output, await error);
            }
            catch (OperationCanceledException)
            {
                process.Kill(entireProcessTree: true);
                throw new TimeoutException($"Timed out after {timeout}: {commandLine}");
            }
        }
        finally
        {
            Slots.Release();
        }
    }

    public static ProcessStartInfo StartInfo(
        string file, IEnumerable<string> arguments, string folder, IReadOnlyDictionary<string, string>? environment = null)
    {
        var info = new ProcessStartInfo(file, arguments)
        {
            WorkingDirectory = folder,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };

        // Variables of the test run must not affect the programs that it starts.
        foreach (var name in info.Environment.Keys.Where(BelongsToTestRun).ToList())
        {
            info.Environment.Remove(name);
        }

        info.Environment["DOTNET_CLI_UI_LANGUAGE"] = "en";
        info.Environment["DOTNET_NOLOGO"] = "1";
        info.Environment["DOTNET_CLI_TELEMETRY_OPTOUT"] = "1";
        // Help text would be wrapped at the width of the terminal.
        info.Environment.Remove("TERM");
        // A build node that outlives the build would keep its output open.
        info.Environment["MSBUILDDISABLENODEREUSE"] = "1";
        foreach (var (name, value) in environment ?? new Dictionary<string, string>())
        {
            info.Environment[name] = value;
        }

        return info;
    }

    private static bool BelongsToTestRun(string name) =>
        name.StartsWith("MSBUILD", StringComparison.OrdinalIgnoreCase)
        || name.StartsWith("VSTEST", StringComparison.OrdinalIgnoreCase)
        || name.StartsWith("DOTNET_GC", StringComparison.OrdinalIgnoreCase)
        || name.StartsWith("ASPNETCORE_", StringComparison.OrdinalIgnoreCase)
        || name.StartsWith("ConnectionStrings__", StringComparison.OrdinalIgnoreCase)
        || name.StartsWith("OTEL_", StringComparison.OrdinalIgnoreCase);
}
