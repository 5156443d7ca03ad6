using ScalableTemplates.Tests.Infrastructure;

namespace Runner.Contenders;

internal static class Template
{
    /// <summary>Generates a solution from this checkout's template, with an isolated template hive.</summary>
    public static async Task GenerateAsync(string folder, string name, params string[] options)
    {
        string[] auth = options.Contains("--auth") ? [] : ["--auth", "none"];
        var hive = TempFolder.Create("hive");
        (await Command.DotnetAsync(Repo.Root, "new", "install", Repo.Template, "--debug:custom-hive", hive)).EnsureSuccess();
        (await Command.DotnetAsync(
            Repo.Root,
            ["new", "scalable-backend", "-n", name, "-o", folder, "--orchestrator", "none", .. auth, "--no-tests", "--no-restore", "--no-update-check", .. options, "--debug:custom-hive", hive])).EnsureSuccess();
    }

    public static string Assembly(string folder, string project) =>
        Path.Combine(folder, "src", project, "bin", "Release", "net10.0", $"{Path.GetFileName(folder)}.{project}.dll");
}
