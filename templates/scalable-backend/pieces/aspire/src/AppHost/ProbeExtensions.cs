using ScalableBackend.ServiceDefaults;

internal static class ProbeExtensions
{
    /// <summary>
    /// Readiness and liveness probes; in published resources on a separate port. Call it after WithExternalHttpEndpoints, which would
    /// expose that port as well.
    /// </summary>
    public static IResourceBuilder<ProjectResource> WithProbes(this IResourceBuilder<ProjectResource> project)
    {
        var endpoint = "http";
        if (project.ApplicationBuilder.ExecutionContext.IsPublishMode)
        {
            endpoint = "health";
            project
                .WithHttpEndpoint(targetPort: HealthExtensions.DefaultPort, name: endpoint)
                // The service adds this port to its addresses itself.
                .WithEndpointsInEnvironment(candidate => candidate.Name != endpoint);
        }

        return project
            .WithHttpProbe(ProbeType.Readiness, "/health", endpointName: endpoint)
            .WithHttpProbe(ProbeType.Liveness, "/alive", endpointName: endpoint);
    }
}
