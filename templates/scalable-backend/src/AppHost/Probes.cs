using ScalableBackend.ServiceDefaults;

internal static class Probes
{
    /// <summary>The probes that the service answers: on a port of their own, unless it runs on this machine.</summary>
    public static IResourceBuilder<ProjectResource> WithProbes(this IResourceBuilder<ProjectResource> project)
    {
        var endpoint = "http";
        if (project.ApplicationBuilder.ExecutionContext.IsPublishMode)
        {
            endpoint = "health";
            project
                .WithHttpEndpoint(targetPort: Health.DefaultPort, name: endpoint)
                // The service listens there by itself.
                .WithEndpointsInEnvironment(candidate => candidate.Name != endpoint);
        }

        return project
            .WithHttpProbe(ProbeType.Readiness, "/health", endpointName: endpoint)
            .WithHttpProbe(ProbeType.Liveness, "/alive", endpointName: endpoint);
    }
}
