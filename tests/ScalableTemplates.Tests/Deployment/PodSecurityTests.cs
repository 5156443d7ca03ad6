using System.Text.Json.Nodes;
using ScalableTemplates.Tests.Infrastructure;

namespace ScalableTemplates.Tests.Deployment;

/// <summary>Pods meet the restricted Pod Security standard, and the services a stricter one.</summary>
public sealed class PodSecurityTests
{
    [SkippableFact]
    public async Task Pods_meet_the_restricted_standard()
    {
        Skip.IfNot(KubernetesTools.CanInstall, KubernetesTools.Missing);
        Findings.AssertNone(await RenderedOutput.InEachClusterAsync((output, _, resources) =>
            Workload.In(resources).Where(workload => workload.Pod is not null).SelectMany(workload => Faults(workload).Select(fault => $"{workload.Manifest.Id} {fault}"))
                .Append(output.Files[$"{RenderedOutput.Folder}/namespace.yaml"].Contains("pod-security.kubernetes.io/enforce: restricted", StringComparison.Ordinal) ? null : "the namespace does not enforce it")
                .OfType<string>()));
    }

    private static IEnumerable<string> Faults(Workload workload)
    {
        var pod = workload.Pod!;
        var isService = workload.Containers.Any(container => container.Text("image")!.Contains("shop-", StringComparison.Ordinal));
        string?[] faults =
        [
            pod.Text("securityContext", "runAsNonRoot") == "true" ? null : "may run as root",
            pod.Text("securityContext", "runAsUser") is null or "0" ? "runs as root" : null,
            pod.Text("securityContext", "seccompProfile", "type") == "RuntimeDefault" ? null : "has no seccomp profile",
            pod.Text("automountServiceAccountToken") == "false" ? null : "has a token of the API server",
            pod["hostNetwork"] is null && pod["hostPID"] is null && pod["hostIPC"] is null ? null : "shares a namespace of the node",
            pod.Select("volumes", "*").All(IsSafe) ? null : "has a volume without a limit, or of the node",
            .. workload.Containers.SelectMany(container => Faults(container, isService)),
        ];
        return faults.OfType<string>();
    }

    private static IEnumerable<string?> Faults(JsonNode container, bool isService)
    {
        var memory = container.Text("resources", "limits", "memory");
        yield return container.Text("securityContext", "allowPrivilegeEscalation") == "false" ? null : "may escalate privileges";
        yield return container.Select("securityContext", "capabilities", "drop", "*").Any(capability => capability.ToString() == "ALL") ? null : "has capabilities";
        yield return container["securityContext"]?["capabilities"]?["add"] is null ? null : "adds capabilities";
        yield return !isService || container.Text("securityContext", "readOnlyRootFilesystem") == "true" ? null : "can write to its file system";
        // A request below the limit would let the node run out of memory.
        yield return memory is not null && memory == container.Text("resources", "requests", "memory") ? null : "has no memory limit, or another request";
        yield return container.Text("resources", "requests", "cpu") is not null && container.Text("resources", "limits", "cpu") is null ? null : "has no request of CPU, or a limit";
        yield return !container.Text("image")!.EndsWith(":latest", StringComparison.Ordinal) && container.Text("image")!.Contains(':', StringComparison.Ordinal) ? null : "has an image without a version";
    }

    private static bool IsSafe(JsonNode volume) => volume["emptyDir"]?["sizeLimit"] is not null || volume["persistentVolumeClaim"] is not null;
}
