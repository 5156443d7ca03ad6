using System.Diagnostics;

internal static class DeadLetterCommands
{
    /// <summary>Lists and replays the messages that were given up, from the dashboard.</summary>
    /// <param name="project">The one that handles messages.</param>
    public static IResourceBuilder<ProjectResource> WithDeadLetterCommands(this IResourceBuilder<ProjectResource> project) => project
        .WithCommand("list-dead-letters", "List dead letters", context => RunAsync(project, context, "list"))
        .WithCommand("replay-dead-letters", "Replay dead letters", context => RunAsync(project, context, "replay", "--all"));

    private static async Task<ExecuteCommandResult> RunAsync(
        IResourceBuilder<ProjectResource> project, ExecuteCommandContext context, params string[] command)
    {
        var path = project.Resource.GetProjectMetadata().ProjectPath;
        var start = new ProcessStartInfo("dotnet", ["run", "--no-build", "--no-launch-profile", "--project", path, "--", "dead-letters", .. command])
        {
            RedirectStandardOutput = true,
        };
        var configuration = await ExecutionConfigurationBuilder.Create(project.Resource)
            .WithEnvironmentVariablesConfig()
            .BuildAsync(project.ApplicationBuilder.ExecutionContext, context.Logger, context.CancellationToken);
        foreach (var (name, value) in configuration.EnvironmentVariables)
        {
            start.Environment[name] = value;
        }

        using var process = Process.Start(start)!;
        var output = await process.StandardOutput.ReadToEndAsync(context.CancellationToken);
        await process.WaitForExitAsync(context.CancellationToken);
        return process.ExitCode == 0 ? CommandResults.Success("Done.", output) : CommandResults.Failure("It failed.", output);
    }
}
