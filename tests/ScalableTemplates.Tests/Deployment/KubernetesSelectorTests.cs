using System.Text.Json.Nodes;
using ScalableTemplates.Tests.Infrastructure;

namespace ScalableTemplates.Tests.Deployment;

/// <summary>Selectors select pods, and network policies open exactly the flows that both sides allow.</summary>
public sealed class KubernetesSelectorTests
{
    [SkippableFact]
    public Task Selectors_select_pods() => AssertNoneAsync(resources =>
    {
        var workloads = Workload.In(resources);
        return resources.SelectMany(resource => Selectors(resource).Select(selector => (resource, selector)))
            .Where(pair => !workloads.Any(workload => workload.IsSelectedBy(pair.selector)) && !IsOfEntry(pair.selector, resources))
            .Select(pair => $"{pair.resource.Id} selects no pod: {pair.selector.ToJsonString()}");
    });

    [SkippableFact]
    public Task Workloads_select_their_own_pods_only() => AssertNoneAsync(resources =>
        from workload in Workload.In(resources)
        where workload.Manifest.Kind is "Deployment" or "StatefulSet"
        from other in Workload.In(resources)
        where other.IsSelectedBy(workload.Manifest.Select("spec", "selector").Single()) != ReferenceEquals(other.Manifest, workload.Manifest)
        select $"{workload.Manifest.Id} and {other.Manifest.Id}");

    [SkippableFact]
    public Task Ports_of_services_exist() => AssertNoneAsync(resources =>
        from service in resources.Where(resource => resource.Kind == "Service")
        from port in service.Select("spec", "ports", "*", "targetPort")
        where !Workload.In(resources).Where(workload => Selects(service, workload))
            .SelectMany(workload => workload.Containers).SelectMany(container => container.Select("ports", "*", "name")).Any(name => name.ToString() == port.ToString())
        select $"{service.Id}: {port}");

    [SkippableFact]
    public Task Targets_of_scalers_and_routes_exist() => AssertNoneAsync(resources =>
        from resource in resources
        from id in resource.Select("spec", "scaleTargetRef", "name").Select(name => $"Deployment/{name}")
            .Concat(resource.Select("spec", "rules", "*", "backendRefs", "*", "name").Select(name => $"Service/{name}"))
            .Concat(resource.Select("spec", "parentRefs", "*", "name").Select(name => $"Gateway/{name}"))
            .Concat(resource.Select("spec", "triggers", "*", "authenticationRef", "name").Select(name => $"TriggerAuthentication/{name}"))
        where resources.All(other => other.Id != id)
        select $"{resource.Id}: {id} does not exist");

    [SkippableFact]
    public Task Hosts_in_settings_are_services() => AssertNoneAsync(resources =>
        from container in Workload.In(resources).SelectMany(workload => workload.Containers)
        from variable in container.Select("env", "*")
        let value = variable.Text("value") ?? ""
        let host = value.StartsWith("Host=", StringComparison.Ordinal) ? value[5..].Split(';')[0] : value.Contains(",password=", StringComparison.Ordinal) ? value.Split(':')[0] : null
        where host is not null && !resources.Any(resource => resource.Id == $"Service/{host}" || (resource.Kind == "Cluster" && host.StartsWith(resource.Name + "-r", StringComparison.Ordinal)))
        select $"{variable.Text("name")}: {host}");

    [SkippableFact]
    public Task Flows_within_the_namespace_are_open_at_both_ends() => AssertNoneAsync(resources =>
    {
        var workloads = Workload.In(resources);
        var policies = resources.Where(resource => resource.Kind == "NetworkPolicy").ToList();
        var sent = Flows(policies, workloads, "egress", "to").ToHashSet();
        var received = Flows(policies, workloads, "ingress", "from").Select(flow => (From: flow.To, To: flow.From, flow.Port)).ToHashSet();
        // Servers may send anything, and to instances of their own.
        return sent.Except(received).Where(flow => flow.From != flow.To).Select(flow => $"{flow} is not received")
            .Concat(received.Except(sent).Where(flow => flow.From != flow.To).Select(flow => $"{flow} is not sent"));
    });

    [SkippableFact]
    public Task Default_is_to_deny() => AssertNoneAsync(resources =>
        resources.Any(resource => resource is { Id: "NetworkPolicy/default-deny" } && resource.Select("spec", "podSelector").Single().AsObject().Count == 0
            && resource.Select("spec", "policyTypes", "*").Count() == 2 && resource.Select("spec").Single()["ingress"] is null && resource.Select("spec").Single()["egress"] is null)
            ? [] : ["no policy denies all"]);

    // The implementation of the Gateway API creates these pods, with this label.
    private static bool IsOfEntry(JsonNode selector, IReadOnlyList<Manifest> resources) =>
        selector.Text("matchLabels", "gateway.networking.k8s.io/gateway-name") is { } name && resources.Any(resource => resource.Id == $"Gateway/{name}");

    // The flows between pods that policies allow, seen from the pods that they select.
    private static IEnumerable<(string From, string To, string Port)> Flows(List<Manifest> policies, IReadOnlyList<Workload> workloads, string direction, string peers) =>
        from policy in policies
        from workload in workloads.Where(workload => workload.IsSelectedBy(policy.Select("spec", "podSelector").Single()))
        from rule in policy.Select("spec", direction, "*")
        from peer in rule.Select(peers, "*")
        where peer["podSelector"] is not null && peer["namespaceSelector"] is null
        from other in workloads.Where(other => other.IsSelectedBy(peer["podSelector"]!))
        from port in rule.Select("ports", "*", "port")
        select (workload.Manifest.Name, other.Manifest.Name, port.ToString());

    // Selectors of services are labels without matchLabels.
    private static IEnumerable<JsonNode> Selectors(Manifest resource) => resource.Kind switch
    {
        "Service" => resource.Select("spec", "selector").Select(ToSelector),
        "NetworkPolicy" => resource.Select("spec", "podSelector"),
        "PodDisruptionBudget" or "Deployment" or "StatefulSet" => resource.Select("spec", "selector"),
        _ => [],
    };

    private static bool Selects(Manifest service, Workload workload) => workload.IsSelectedBy(ToSelector(service.Select("spec", "selector").Single()));

    private static JsonNode ToSelector(JsonNode labels) => new JsonObject { ["matchLabels"] = labels.DeepClone() };

    private static async Task AssertNoneAsync(Func<IReadOnlyList<Manifest>, IEnumerable<string>> check)
    {
        Skip.IfNot(KubernetesTools.CanInstall, KubernetesTools.Missing);
        Findings.AssertNone(await RenderedOutput.InEachClusterAsync((_, _, resources) => check(resources)));
    }
}
