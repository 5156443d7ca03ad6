using System.Diagnostics;
using System.Reflection;

internal static class DeadLetterCommandExtensions
{
    /// <summary>Adds commands to list and replay dead letters, for the dashboard and <c>aspire resource</c>.</summary>
    /// <param name="project">The project that handles messages.</param>
    public static IResourceBuilder<ProjectResource> WithDeadLetterCommands(this IResourceBuilder<ProjectResource> project) => project
        .WithCommand("list-dead-letters", "List dead letters", context => RunAsync(project, context, "list"), new() { IconName = "DocumentError" })
        .WithCommand("replay-dead-letters", "Replay dead letters", context => RunAsync(project, context, "replay", "--all"), new()
        {
            IconName = "ArrowReplyAll",
            ConfirmationMessage = "Replay all dead letters? Fix the cause first, or they will fail again.",
        });

    private static async Task<ExecuteCommandResult> RunAsync(
        IResourceBuilder<ProjectResource> project, ExecuteCommandContext context, params string[] command)
    {
        var start = await CreateStartInfoAsync(project, context, command);
        using var process = Process.Start(start)!;
        await using var cancellation = context.CancellationToken.Register(() => process.Kill(entireProcessTree: true));
        var readOutput = process.StandardOutput.ReadToEndAsync(context.CancellationToken);
        var error = await process.StandardError.ReadToEndAsync(context.CancellationToken);
        var output = (await readOutput).Trim();
        await process.WaitForExitAsync(context.CancellationToken);
        if (process.ExitCode != 0)
        {
            return CommandResults.Failure($"'dead-letters {command[0]}' failed.", new CommandResultData { Value = $"{output}\n{error}".Trim(), DisplayImmediately = true });
        }

        // A single sentence fits into the notification; a list is shown in a dialog.
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

        // Log lines would be mixed into the output.
        start.Environment["Logging__Console__LogLevel__Default"] = "None";
        return start;
    }
}
