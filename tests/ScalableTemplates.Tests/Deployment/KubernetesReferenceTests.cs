using System.Text.RegularExpressions;
using System.Text.Json.Nodes;
using ScalableTemplates.Tests.Infrastructure;

namespace ScalableTemplates.Tests.Deployment;

/// <summary>What resources refer to exists: in other resources, in the code and in the documentation.</summary>
public sealed partial class KubernetesReferenceTests
{
    [SkippableFact]
    public Task Images_are_those_of_the_projects() => AssertNoneAsync((output, _, resources) =>
        Workload.In(resources).SelectMany(workload => workload.Containers).Select(container => container.Text("image")!)
            .Where(image => image.Contains("shop", StringComparison.Ordinal) && !Services.Images(output.Files).Contains(Repository(image)))
            .Select(image => $"no project has the image {image}")
            .Concat(Services.Images(output.Files).Where(image => !resources.Any(resource => resource.Node.ToJsonString().Contains(image, StringComparison.Ordinal))).Select(image => $"{image} is not deployed")));

    [SkippableFact]
    public Task Ports_and_probes_are_those_of_the_code() => AssertNoneAsync((output, _, resources) =>
        from workload in Workload.In(resources)
        from container in workload.Containers
        where container.Text("image")!.Contains("shop", StringComparison.Ordinal)
        let ports = container.Select("ports", "*").ToDictionary(port => port.Text("name")!, port => port.Text("containerPort"))
        from fault in new[]
        {
            ports.TryGetValue("http", out var http) && http != Services.RequestPort ? $"listens on {http}" : null,
            workload.Manifest.Kind == "Deployment" && ports.GetValueOrDefault("probes") != Services.ProbePort(output.Files) ? "has another port of the probes" : null,
            workload.Manifest.Kind == "Deployment" && Probe(container, "startupProbe") != "/alive probes" ? "has no startup probe" : null,
            workload.Manifest.Kind == "Deployment" && Probe(container, "livenessProbe") != "/alive probes" ? "has no liveness probe" : null,
            workload.Manifest.Kind == "Deployment" && Probe(container, "readinessProbe") != "/health probes" ? "has no readiness probe" : null,
            Services.HasProbe(output.Files, "/alive") && Services.HasProbe(output.Files, "/health") ? null : "the code serves other probes",
        }
        where fault is not null
        select $"{workload.Manifest.Id} {fault}");

    [SkippableFact]
    public Task Config_maps_and_service_accounts_exist() => AssertNoneAsync((_, _, resources) =>
        from workload in Workload.In(resources)
        where workload.Pod is not null
        let maps = workload.Containers.SelectMany(container => container.Select("envFrom", "*", "configMapRef", "name")).Select(name => $"ConfigMap/{name}")
        let account = workload.Pod!.Text("serviceAccountName") is { } name ? [$"ServiceAccount/{name}"] : Array.Empty<string>()
        from id in maps.Concat(account)
        where resources.All(resource => resource.Id != id)
        select $"{workload.Manifest.Id}: {id} does not exist");

    [SkippableFact]
    public async Task Secrets_are_documented_and_used()
    {
        Skip.IfNot(KubernetesTools.CanInstall, KubernetesTools.Missing);
        Findings.AssertNone(
            from output in await RenderedOutput.AllAsync
            let documented = SecretRow().Matches(output.Files["docs/kubernetes.md"])
                .SelectMany(row => Code().Matches(row.Groups["keys"].Value).Select(key => $"{row.Groups["name"].Value}/{key.Groups["name"].Value}")).ToHashSet()
            let used = output.Clusters.SelectMany(cluster => cluster.Resources).SelectMany(resource => SecretKeys(resource.Node)).ToHashSet()
            from finding in used.Except(documented).Select(key => $"{key} is not documented")
                .Concat(documented.Select(Name).Except(used.Select(Name)).Select(name => $"nothing uses {name}"))
            select $"{finding}   [{output.Options}]");
    }

    [SkippableFact]
    public async Task External_secrets_are_those_that_the_user_creates()
    {
        Skip.IfNot(KubernetesTools.CanInstall, KubernetesTools.Missing);
        Findings.AssertNone(
            from output in await RenderedOutput.AllAsync
            let documented = SecretRow().Matches(output.Files["docs/kubernetes.md"])
                .Where(row => row.Groups["creator"].Value.Contains("you", StringComparison.Ordinal) && !row.Groups["reader"].Value.Contains("in development", StringComparison.Ordinal))
                .Select(row => row.Groups["name"].Value).Order()
            let external = Manifest.Parse(output.Files[$"{RenderedOutput.Folder}/secrets/external-secrets.yaml"]).Select(secret => secret.Name).Order()
            where !documented.SequenceEqual(external)
            select $"{string.Join(", ", external)} instead of {string.Join(", ", documented)}   [{output.Options}]");
    }

    [SkippableFact]
    public Task Queues_are_those_of_the_handlers() => AssertNoneAsync((output, overlay, resources) =>
    {
        var queues = resources.SelectMany(resource => resource.Select("spec", "triggers", "*", "metadata", "queueName")).Select(queue => queue.ToString()).Order();
        var handlers = Consumer().Matches(output.Files["src/Worker/WorkerExtensions.cs"]).Select(match => match.Groups["name"].Value).Order();
        return overlay == "development" || !output.Options.HasWorker || !output.Options.HasRabbitMq || queues.SequenceEqual(handlers) ? [] : ["the queues are " + string.Join(", ", queues)];
    });

    [SkippableFact]
    public Task Queues_are_on_the_broker_of_the_namespace() => AssertNoneAsync((_, _, resources) =>
        from host in resources.SelectMany(resource => resource.Select("spec", "triggers", "*", "metadata", "host"))
        where host.ToString() != "http://broker.shop.svc:15672/" || !resources.Any(resource => resource is { Id: "RabbitmqCluster/broker" } && resource.Text("metadata", "namespace") == "shop")
        select host.ToString());

    private static async Task AssertNoneAsync(Func<RenderedOutput, string, IReadOnlyList<Manifest>, IEnumerable<string?>> check)
    {
        Skip.IfNot(KubernetesTools.CanInstall, KubernetesTools.Missing);
        Findings.AssertNone(await RenderedOutput.InEachClusterAsync(check));
    }

    private static string Repository(string image) => image.Split('/')[^1].Split(':')[0];

    private static string Name(string key) => key.Split('/')[0];

    private static string Probe(JsonNode container, string probe) => $"{container.Text(probe, "httpGet", "path")} {container.Text(probe, "httpGet", "port")}";

    // References to the keys of secrets have a name and a key, those of certificates and roles a name only.
    private static IEnumerable<string> SecretKeys(JsonNode? node) => node switch
    {
        JsonObject mapping => mapping.SelectMany(pair => (pair.Key, pair.Value) switch
        {
            ("secretKeyRef" or "accessKeyId" or "secretAccessKey", { } reference) => [$"{reference.Text("name")}/{reference.Text("key")}"],
            ("secretTargetRef", JsonArray references) => references.Select(reference => $"{reference!.Text("name")}/{reference!.Text("key")}"),
            ("certificateRefs", JsonArray references) => references.SelectMany(reference => new[] { $"{reference!.Text("name")}/tls.crt", $"{reference!.Text("name")}/tls.key" }),
            ("secret", JsonObject reference) => [$"{reference.Text("name")}/username", $"{reference.Text("name")}/password"],
            _ => SecretKeys(pair.Value),
        }),
        JsonArray items => items.SelectMany(SecretKeys),
        _ => [],
    };

    [GeneratedRegex(@"(?m)^\| `(?<name>[\w-]+)` \| (?<keys>`[^|]+`) \| (?<reader>[^|]+) \| (?<creator>[^|]+) \|$")]
    private static partial Regex SecretRow();

    [GeneratedRegex("`(?<name>[^`]+)`")]
    private static partial Regex Code();

    [GeneratedRegex(@"AddMessage(Batch)?Handler<.*>\(""(?<name>[^""]+)""")]
    private static partial Regex Consumer();
}
