using System.Collections.Concurrent;
using ScalableTemplates.Tests.Infrastructure;

namespace ScalableTemplates.Tests.EndToEnd;

/// <summary>Solutions that are generated and built once for all tests of the run.</summary>
internal static class BuiltSolution
{
    private static readonly ConcurrentDictionary<string, Lazy<Task<string>>> Folders = new();

    /// <returns>The folder of the solution.</returns>
    public static Task<string> GetAsync(TemplateOptions options) =>
        Folders.GetOrAdd(options.ToString(), _ => new Lazy<Task<string>>(() => BuildAsync(options))).Value;

    /// <summary>Publishes a project from a separate solution folder, as publishing restores other packages than building.</summary>
    /// <returns>The folder of the published output.</returns>
    public static async Task<string> PublishAsync(TemplateOptions options, string project) =>
        await Command.PublishAsync(Path.Combine(await Scaffold.CreateAsync(options), "src", project));

    private static async Task<string> BuildAsync(TemplateOptions options)
    {
        var folder = await Scaffold.CreateAsync(options);
        // Analyzers take half of the build time and are covered by other tests.
        (await Command.DotnetAsync(folder, "build", "-warnaserror", "-p:RunAnalyzers=false")).EnsureSuccess();
        return folder;
    }
}
