using System.Globalization;
using ScalableTemplates.Tests.Infrastructure;

namespace ScalableTemplates.Tests.Deployment;

/// <summary>Settings, the connection budget and the shutdown agree with the code.</summary>
public sealed class KubernetesSettingsTests
{
    // PostgreSQL's own default, without the connections that are reserved for superusers.
    private const int DefaultMaxConnections = 97;

    // CloudNativePG's own sessions and those that are reserved for superusers.
    private const int OperatorConnections = 10;

    // Fewer connections than a process uses at moderate load.
    private const int MinPoolSize = 5;

    [SkippableFact]
    public Task Variables_are_documented_settings_and_all_required_ones_are_set() => AssertNoneAsync((output, overlay, resources) =>
        Services.Check(output.Files, Variables(resources), isDevelopment: overlay == "development"));

    [SkippableFact]
    public Task Variables_that_others_refer_to_are_set_before_them() => AssertNoneAsync((_, _, resources) =>
        from container in Workload.In(resources).SelectMany(workload => workload.Containers)
        let names = container.Select("env", "*", "name").Select(name => name.ToString()).ToList()
        from variable in container.Select("env", "*")
        where variable.Text("value") is { } value && value.Contains("$(", StringComparison.Ordinal)
        let referenced = variable.Text("value")!.Split("$(")[1].Split(')')[0]
        where !names.Contains(referenced) || names.IndexOf(referenced) > names.IndexOf(variable.Text("name")!)
        select $"{variable.Text("name")} refers to {referenced}");

    [SkippableFact]
    public Task Connection_budget_covers_all_replicas_and_fits_into_the_server() => AssertNoneAsync((output, overlay, resources) =>
    {
        if (!output.Options.HasPostgres)
        {
            return [];
        }

        var processes = Workload.In(resources).Where(UsesDatabase).Sum(workload => MaxProcesses(workload.Manifest, resources));
        var settings = resources.Single(resource => resource.Kind == "ConfigMap").Select("data").Single();
        var budget = int.Parse(settings.Text("Database__Processes")!, CultureInfo.InvariantCulture);
        var connections = int.Parse(settings.Text("Database__MaxConnections") ?? "90", CultureInfo.InvariantCulture);
        var server = resources.SingleOrDefault(resource => resource.Kind == "Cluster")?.Number("spec", "postgresql", "parameters", "max_connections") - OperatorConnections ?? DefaultMaxConnections;
        // A process with a standby has two pools.
        var pool = ((connections - 1) / (budget * (output.Options.HasReplica ? 2 : 1))) - 1;
        return
        [
            budget == processes ? null : $"Database__Processes is {budget}, but up to {processes} processes run",
            connections <= server ? null : $"Database__MaxConnections is {connections}, but the server has {server}",
            pool >= MinPoolSize ? null : $"a pool has {pool} connections",
        ];
    });

    [SkippableFact]
    public Task Grace_period_exceeds_the_shutdown() => AssertNoneAsync((output, _, resources) =>
        from workload in Workload.In(resources)
        where workload.Manifest.Kind == "Deployment" && IsService(workload)
        let container = workload.Containers.Single()
        let sleep = int.Parse(container.Text("lifecycle", "preStop", "sleep", "seconds") ?? "0", CultureInfo.InvariantCulture)
        let drain = TimeSpan.Parse(container.Select("env", "*").Single(variable => variable.Text("name") == "Shutdown__DrainDelay").Text("value")!, CultureInfo.InvariantCulture)
        let grace = workload.Manifest.Number("spec", "template", "spec", "terminationGracePeriodSeconds")
        let serves = container.Select("ports", "*", "name").Any(name => name.ToString() == "http")
        from fault in new[]
        {
            grace > sleep + Services.ShutdownSeconds(output.Files) ? null : $"the grace period is {grace} s",
            drain.TotalSeconds <= Services.ShutdownSeconds(output.Files) - 5 ? null : $"the drain delay is {drain}",
            // Requests arrive until proxies have noticed; without another replica, draining is of no use.
            serves == (sleep > 0 && drain > TimeSpan.Zero) || workload.Manifest.Text("spec", "strategy", "type") == "Recreate" ? null : $"it drains for {sleep} s and {drain}",
            // Otherwise more replicas than the connection budget assumes would shut down at the same time.
            !UsesDatabase(workload) || !output.Options.HasPostgres || workload.Manifest.Number("spec", "minReadySeconds") >= grace ? null : "the next replica is replaced before the last one has exited",
        }
        where fault is not null
        select $"{workload.Manifest.Id}: {fault}");

    private static async Task AssertNoneAsync(Func<RenderedOutput, string, IReadOnlyList<Manifest>, IEnumerable<string?>> check)
    {
        Skip.IfNot(KubernetesTools.CanInstall, KubernetesTools.Missing);
        Findings.AssertNone((await RenderedOutput.InEachClusterAsync((output, overlay, resources) => check(output, overlay, resources).OfType<string>())));
    }

    private static Dictionary<string, IReadOnlySet<string>> Variables(IReadOnlyList<Manifest> resources) => Workload.In(resources).Where(IsService).ToDictionary(
        workload => CultureInfo.InvariantCulture.TextInfo.ToTitleCase(workload.Manifest.Name),
        workload => (IReadOnlySet<string>)workload.Containers.Single().Select("env", "*")
            .Where(variable => !IsReferenced(variable.Text("name")!, workload))
            .Select(variable => variable.Text("name")!)
            .Concat(workload.Containers.Single().Select("envFrom", "*", "configMapRef", "name")
                .SelectMany(name => resources.Single(resource => resource.Id == $"ConfigMap/{name}").Select("data").Single().AsObject().Select(setting => setting.Key)))
            .ToHashSet());

    private static bool IsReferenced(string name, Workload workload) =>
        workload.Containers.Single().Select("env", "*", "value").Any(value => value.ToString().Contains($"$({name})", StringComparison.Ordinal));

    private static bool IsService(Workload workload) => workload.Containers.Any(container => container.Text("image")!.Contains("shop-", StringComparison.Ordinal));

    private static bool UsesDatabase(Workload workload) =>
        workload.Manifest.Kind == "Deployment" && workload.Containers.Any(container => container.Select("env", "*", "name").Any(name => name.ToString() == "ConnectionStrings__database"));

    // During a release, one more replica runs while another one shuts down.
    private static int MaxProcesses(Manifest deployment, IReadOnlyList<Manifest> resources)
    {
        var scaler = resources.SingleOrDefault(resource => resource.Kind is "HorizontalPodAutoscaler" or "ScaledObject" && resource.Text("spec", "scaleTargetRef", "name") == deployment.Name);
        var replicas = scaler?.Number("spec", "maxReplicas") ?? scaler?.Number("spec", "maxReplicaCount") ?? deployment.Number("spec", "replicas") ?? 1;
        return replicas + deployment.Number("spec", "strategy", "rollingUpdate", "maxSurge")!.Value + 1;
    }
}
