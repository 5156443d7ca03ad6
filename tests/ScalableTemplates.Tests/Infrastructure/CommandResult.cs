namespace ScalableTemplates.Tests.Infrastructure;

internal sealed record CommandResult(string CommandLine, int ExitCode, string Output, string Error)
{
    public string Everything => $"{Output}{Environment.NewLine}{Error}".Trim();

    public CommandResult EnsureSuccess() =>
        ExitCode == 0 ? this : throw new InvalidOperationException($"Exit code {ExitCode} of: {CommandLine}{Environment.NewLine}{Everything}");
}
