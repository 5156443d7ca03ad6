using System.Diagnostics;
using System.Reflection;

internal static class DeadLetterCommandExtensions
{
    /// <summary>Lists and replays dead letters from the dashboard, or by <c>aspire resource</c>.</summary>
    /// <param name="project">The one that handles messages.</param>
    public static IResourceBuilder<ProjectResource> WithDeadLetterCommands(this IResourceBuilder<ProjectResource> project) => project
        .WithCommand("list-dead-letters", "List dead letters", context => RunAsync(project, context, "list"), new() { IconName = "DocumentError" })
        .WithCommand("replay-dead-letters", "Replay dead letters", context => RunAsync(project, context, "replay", "--all"), new()
        {
            IconName = "ArrowReplyAll",
            ConfirmationMessage = "Have all dead letters handled again? Fix the cause first, or they will fail again.",
        });

    private static async Task<ExecuteCommandResult> RunAsync(
        IResourceBuilder<ProjectResource> project, ExecuteCommandContext context, params string[] command)
    {
        var start = await CreateStartInfoAsync(project, context, command);
        using var process = Process.Start(start)!;
        await using var ending = context.CancellationToken.Register(() => process.Kill(entireProcessTree: true));
        var reading = process.StandardOutput.ReadToEndAsync(context.CancellationToken);
        var error = await process.StandardError.ReadToEndAsync(context.CancellationToken);
        var output = (await reading).Trim();
        await process.WaitForExitAsync(context.CancellationToken);
        if (process.ExitCode != 0)
        {
            return CommandResults.Failure($"'dead-letters {command[0]}' failed.", new CommandResultData { Value = $"{output}\n{error}".Trim(), DisplayImmediately = true });
        }

        // One sentence fits the notification; a list gets a window of its own.
        var isList = command is ["list"] && output != "No dead letters.";
        return CommandResults.Success(isList ? "Dead letters found." : output, new CommandResultData { Value = output, DisplayImmediately = isList });
    }

    private static async Task<ProcessStartInfo> CreateStartInfoAsync(
        IResourceBuilder<ProjectResource> project, ExecuteCommandContext context, string[] command)
    {
        var path = project.Resource.GetProjectMetadata().ProjectPath;
        var configuration = typeof(DeadLetterCommandExtensions).Assembly.GetCustomAttribute<AssemblyConfigurationAttribute>()!.Configuration;
        var start = new ProcessStartInfo(
            "dotnet", ["run", "--no-build", "--no-launch-profile", "--configuration", configuration, "--project", path, "--", "dead-letters", .. command])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        var execution = await ExecutionConfigurationBuilder.Create(project.Resource)
            .WithEnvironmentVariablesConfig()
            .BuildAsync(project.ApplicationBuilder.ExecutionContext, context.Logger, context.CancellationToken);
        foreach (var (name, value) in execution.EnvironmentVariables)
        {
            start.Environment[name] = value;
        }

        // Logs would stand between the lines of the result.
        start.Environment["Logging__Console__LogLevel__Default"] = "None";
        return start;
    }
}
