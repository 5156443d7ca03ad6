using System.Text.RegularExpressions;
using k8s;
using ScalableTemplates.Tests.Infrastructure;
using YamlDotNet.Core;

namespace ScalableTemplates.Tests.Deployment;

/// <summary>Resources have only fields that Kubernetes and the operators know, with values that they accept.</summary>
public sealed partial class KubernetesSchemaTests
{
    private const string Pod = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: pod\nspec:\n  containers:\n    - name: container\n      image: image\n";

    // Each with one fault.
    private static readonly Dictionary<string, string> Faulty = new()
    {
        ["unknown-field.yaml"] = Pod + "      readinessProb: {}\n",
        ["unknown-kind.yaml"] = "apiVersion: v1\nkind: Pot\nmetadata:\n  name: pot\n",
        ["wrong-type.yaml"] = Pod + "  terminationGracePeriodSeconds: long\n",
        ["duplicate-key.yaml"] = Pod + "  containers: []\n",
        ["unknown-field-of-operator.yaml"] = "apiVersion: keda.sh/v1alpha1\nkind: ScaledObject\nmetadata:\n  name: worker\nspec:\n  maxReplicas: 3\n  scaleTargetRef:\n    name: worker\n  triggers: []\n",
        ["compose-unknown-field.yaml"] = "services:\n  api:\n    image: api\n    read-only: true\n",
    };

    [SkippableFact]
    public async Task Every_resource_is_valid_and_faults_are_found()
    {
        Skip.IfNot(KubernetesTools.CanInstall, KubernetesTools.Missing);
        var files = new Dictionary<string, string>(Faulty);
        var texts = (await RenderedOutput.AllAsync).SelectMany(output => output.Rendered.Values.Concat(Plain(output)))
            .Concat((await ComposeOutput.AllAsync).Select(output => output.Yaml));
        foreach (var text in texts.Distinct())
        {
            files.Add($"{(text.Contains("\nservices:", StringComparison.Ordinal) ? "compose" : "kubernetes")}-{files.Count}.yaml", text);
        }

        var errors = await (await KubernetesTools.GetAsync()).ValidateAsync(files);

        Assert.Equal(Faulty.Keys.Order(), errors.Select(error => error.Key).Where(Faulty.ContainsKey).Order());
        Findings.AssertNone(errors.Where(error => !Faulty.ContainsKey(error.Key)).SelectMany(error => error));
    }

    // The client has no types for the resources of operators.
    [SkippableFact]
    public async Task Every_resource_of_Kubernetes_is_parsed_strictly_by_its_client()
    {
        Skip.IfNot(KubernetesTools.CanInstall, KubernetesTools.Missing);
        var resources = (await RenderedOutput.AllAsync).SelectMany(output => output.Rendered.Values)
            .SelectMany(text => text.Split("\n---\n")).Where(text => BuiltInVersion().IsMatch(text)).Distinct().ToList();

        Assert.InRange(resources.Count, 50, 5_000);
        Findings.AssertNone(resources.Select(FindError).OfType<string>());
        Assert.NotNull(FindError(Faulty["unknown-field.yaml"]));
        Assert.NotNull(FindError(Faulty["wrong-type.yaml"]));
    }

    private static string? FindError(string resource)
    {
        try
        {
            KubernetesYaml.LoadAllFromString(resource, strict: true);
            return null;
        }
        catch (Exception exception) when (exception is YamlException or KeyNotFoundException)
        {
            return $"{exception.GetBaseException().Message}\n{resource}";
        }
    }

    [GeneratedRegex(@"^apiVersion: (\w+/)?v\w+$|^apiVersion: (networking|rbac\.authorization|storage|scheduling|coordination)\.k8s\.io/", RegexOptions.Multiline)]
    private static partial Regex BuiltInVersion();

    // Applied or copied without kustomize.
    private static IEnumerable<string> Plain(RenderedOutput output) =>
        [output.Files[$"{RenderedOutput.Folder}/namespace.yaml"], output.Files[$"{RenderedOutput.Folder}/secrets/external-secrets.yaml"]];
}
