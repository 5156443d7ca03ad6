using System.Xml.Linq;

namespace ScalableTemplates.Tests.Infrastructure;

internal static class Build
{
    // Characters with a meaning in the items of MSBuild.
    private const string Reserved = "%$@'();?*";

    /// <summary>
    /// Builds solutions with warnings as errors, in one MSBuild process, as each process takes seconds to load and compile the tasks.
    /// </summary>
    /// <returns>What is wrong with each solution, in the order of the folders: its errors and missing files; empty if it was built.</returns>
    public static async Task<IReadOnlyList<string>> RunAsync(IReadOnlyList<string> folders)
    {
        var project = Path.Combine(TempFolder.Create("build"), "all.proj");
        await File.WriteAllTextAsync(project, Project(folders.Select(folder => Directory.GetFiles(folder, "*.slnx").Single())));

        var result = await Command.DotnetAsync(Path.GetDirectoryName(project)!, "build", project, "-warnaserror", "-consoleLoggerParameters:NoSummary");

        var lines = result.Output.Split('\n').Where(IsFault).ToList();
        var ofFolders = folders.Select(folder => lines.Where(line => line.Contains(folder + '/', StringComparison.Ordinal)).ToList()).ToList();
        var faults = folders.Zip(ofFolders, (folder, found) => string.Join('\n', found.Concat(MissingFiles(folder)))).ToList();
        // A failure or a warning of no solution in particular fails all of them.
        Assert.True(result.ExitCode == 0 || faults.Any(fault => fault.Length > 0), result.Everything);
        Findings.AssertNone(lines.Except(ofFolders.SelectMany(found => found)));
        // An output takes about 100 MB. It is kept for inspection if the build fails.
        foreach (var (folder, _) in folders.Zip(faults).Where(pair => pair.Second.Length == 0))
        {
            TempFolder.Delete(folder);
        }

        return faults;
    }

    public static void AssertSucceeded(string faults) => Assert.True(faults.Length == 0, faults);

    private static string Project(IEnumerable<string> solutions) => new XElement(
        "Project",
        new XElement("ItemGroup", solutions.Select(solution => new XElement("Solution", new XAttribute("Include", Escape(solution))))),
        Target("Build"),
        Target("Restore")).ToString();

    private static XElement Target(string name) => new(
        "Target",
        new XAttribute("Name", name),
        new XElement("MSBuild", new XAttribute("Projects", "@(Solution)"), new XAttribute("Targets", name), new XAttribute("BuildInParallel", true), new XAttribute("ContinueOnError", "ErrorAndContinue")));

    private static string Escape(string path) => string.Concat(path.Select(letter => Reserved.Contains(letter, StringComparison.Ordinal) ? $"%{(int)letter:X2}" : $"{letter}"));

    private static bool IsFault(string line) =>
        line.Contains(": error ", StringComparison.Ordinal) || line.Contains(": warning ", StringComparison.Ordinal);

    private static IEnumerable<string> MissingFiles(string folder) => Directory.GetFiles(folder, "*.csproj", SearchOption.AllDirectories)
        .Where(project => !Directory.EnumerateFiles(Path.Combine(Path.GetDirectoryName(project)!, "obj"), "*.dll", SearchOption.AllDirectories).Any())
        .Select(project => $"{project} was not built")
        .Concat(File.Exists(Path.Combine(folder, "src/Api/OpenApi.targets")) && !File.Exists(Path.Combine(folder, "docs/openapi.json"))
            ? ["docs/openapi.json was not written"]
            : []);
}
