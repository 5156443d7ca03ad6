using System.Text.Json.Nodes;

namespace ScalableTemplates.Tests.Deployment;

/// <summary>A resource that creates pods. Those of operators have no template, but known labels.</summary>
internal sealed record Workload(Manifest Manifest, JsonNode? Pod, IReadOnlyDictionary<string, string> Labels)
{
    public IEnumerable<JsonNode> Containers => Pod is null ? [] : Pod.Select("containers", "*").Concat(Pod.Select("initContainers", "*"));

    public static IReadOnlyList<Workload> In(IEnumerable<Manifest> manifests) =>
    [
        .. from manifest in manifests
           let workload = manifest.Kind switch
           {
               "Deployment" or "StatefulSet" or "Job" => new Workload(
                   manifest, manifest.Select("spec", "template", "spec").Single(), LabelsOf(manifest.Select("spec", "template", "metadata", "labels").Single())),
               "Cluster" => new Workload(manifest, null, new Dictionary<string, string> { ["cnpg.io/cluster"] = manifest.Name }),
               "RabbitmqCluster" => new Workload(manifest, null, new Dictionary<string, string> { ["app.kubernetes.io/name"] = manifest.Name }),
               _ => null,
           }
           where workload is not null
           select workload,
    ];

    /// <summary>Whether a label selector selects the pods; an empty one selects all.</summary>
    public bool IsSelectedBy(JsonNode selector) =>
        (selector["matchLabels"] is not { } labels || LabelsOf(labels).All(label => Labels.GetValueOrDefault(label.Key) == label.Value))
        && selector.Select("matchExpressions", "*").All(expression =>
            Labels.TryGetValue(expression.Text("key")!, out var label)
            && (expression.Text("operator") == "Exists" || (expression.Text("operator") == "In" && expression.Select("values", "*").Any(value => label == value.ToString()))));

    public static IReadOnlyDictionary<string, string> LabelsOf(JsonNode labels) =>
        labels.AsObject().ToDictionary(label => label.Key, label => label.Value!.ToString());
}
