using System.Globalization;

namespace ScalableTemplates.Tests.Infrastructure;

/// <summary>Runs the template.</summary>
internal static class Scaffold
{
    // Fixed, as the random default would differ between outputs.
    public const int PortSuffix = 432;

    private static readonly string[] Warnings = ["Restore failed", "Post action failed"];

    public static Task<string> CreateAsync(TemplateOptions options, string name = "Shop", int portSuffix = PortSuffix) =>
        CreateAsync(Hive.FromPackageAsync(), options, name, portSuffix);

    public static async Task<string> CreateAsync(Task<Hive> hive, TemplateOptions options, string name = "Shop", int portSuffix = PortSuffix)
    {
        var folder = Path.Combine(TempFolder.Create("output"), name);
        var result = await RunAsync(await hive, folder, name, [.. options.Arguments, "--port-suffix", portSuffix.ToString(CultureInfo.InvariantCulture)]);
        result.EnsureSuccess();
        if (result.Error.Length > 0 || Warnings.Any(warning => result.Output.Contains(warning, StringComparison.Ordinal)))
        {
            throw new InvalidOperationException($"Warnings from: {result.CommandLine}{Environment.NewLine}{result.Everything}");
        }

        return folder;
    }

    public static Task<CommandResult> RunAsync(Hive hive, string folder, string name, params string[] arguments) =>
        hive.NewAsync(Repo.Root, ["scalable-backend", "-n", name, "-o", folder, "--no-restore", "--no-update-check", .. arguments]);
}
