using Aspire.Hosting.Publishing;
using Microsoft.Extensions.DependencyInjection;

internal static class ContainerRuntime
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(20);

    /// <summary>Checks that a container runtime is running, if any resource needs one. If none is, writes an error to standard error.</summary>
    /// <returns>False if a container runtime is needed but not running.</returns>
    public static async Task<bool> CheckContainerRuntimeAsync(this DistributedApplication app)
    {
        var containers = app.Services.GetRequiredService<DistributedApplicationModel>().Resources
            .Where(resource => resource.IsContainer() && !resource.HasAnnotationOfType<ExplicitStartupAnnotation>())
            .Select(resource => resource.Name)
            .ToList();
        if (containers.Count == 0
            || app.Services.GetRequiredService<DistributedApplicationExecutionContext>().IsPublishMode
            || await IsRunningAsync(app.Services.GetRequiredService<IContainerRuntimeResolver>()))
        {
            return true;
        }

        await Console.Error.WriteLineAsync(
            $"No container runtime is running, but these resources need one: {string.Join(", ", containers)}. Start Docker or Podman, "
            + "or use existing servers: see \"Without containers\" in README.md.");
        return false;
    }

    private static async Task<bool> IsRunningAsync(IContainerRuntimeResolver runtimes)
    {
        using var timeout = new CancellationTokenSource(Timeout);
        try
        {
            var runtime = await runtimes.ResolveAsync(timeout.Token);
            return await runtime.CheckIfRunningAsync(timeout.Token);
        }
        catch (Exception exception) when (exception is OperationCanceledException or InvalidOperationException)
        {
            return false;
        }
    }
}
