using ScalableTemplates.Tests.EndToEnd;
using ScalableTemplates.Tests.Infrastructure;

namespace ScalableTemplates.Tests.Monitoring;

/// <summary>The programs of Prometheus.</summary>
internal static class PromTool
{
    /// <summary>The folder of prometheus and promtool; null if they are not installed.</summary>
    public static string? Binaries { get; } = Programs.FindFolder("promtool", "/usr/bin");

    /// <summary>The reason to skip tests; null if they are installed.</summary>
    public static string? Missing { get; } = Binaries is null ? "Not installed: prometheus. On Debian: apt-get install prometheus" : null;

    public static void SkipIfMissing() => Skip.If(Missing is not null, Missing);

    public static Task<CommandResult> RunAsync(string folder, params string[] arguments) =>
        Command.RunAsync(Path.Combine(Binaries!, "promtool"), arguments, folder, TimeSpan.FromMinutes(5));
}
