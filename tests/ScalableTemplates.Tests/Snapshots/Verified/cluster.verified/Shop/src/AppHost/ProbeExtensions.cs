using Shop.ServiceDefaults;

internal static class ProbeExtensions
{
    /// <summary>
    /// Adds readiness and liveness probes; in publish mode, on a separate port. Call it after WithExternalHttpEndpoints, which would
    /// otherwise expose that port.
    /// </summary>
    public static IResourceBuilder<ProjectResource> WithProbes(this IResourceBuilder<ProjectResource> project)
    {
        var endpoint = "http";
        if (project.ApplicationBuilder.ExecutionContext.IsPublishMode)
        {
            endpoint = "health";
            project
                .WithHttpEndpoint(targetPort: HealthExtensions.DefaultPort, name: endpoint)
                // HealthExtensions adds this port to the addresses that the service listens on.
                .WithEndpointsInEnvironment(candidate => candidate.Name != endpoint);
        }

        return project
            .WithHttpProbe(ProbeType.Readiness, "/health", endpointName: endpoint)
            .WithHttpProbe(ProbeType.Liveness, "/alive", endpointName: endpoint);
    }
}
