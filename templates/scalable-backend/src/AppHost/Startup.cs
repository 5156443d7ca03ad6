#if (HasContainers)
using Aspire.Hosting.Publishing;
#endif
using Microsoft.AspNetCore.Connections;
#if (HasContainers)
using Microsoft.Extensions.DependencyInjection;
#endif

internal static class Startup
{
#if (HasContainers)
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(20);

#endif
    /// <summary>Runs the application. What keeps it from starting, and is not its own fault, is said in one sentence.</summary>
    /// <returns>The exit code.</returns>
    public static async Task<int> RunOrExplainAsync(this DistributedApplication app)
    {
#if (HasContainers)
        if (!await HasContainerRuntimeAsync(app))
        {
            return 1;
        }

#endif
        try
        {
            await app.RunAsync();
            return 0;
        }
        catch (IOException exception) when (exception.InnerException is AddressInUseException)
        {
            await Console.Error.WriteLineAsync($"{exception.Message} Stop the AppHost that is running already, or change the ports in Properties/launchSettings.json.");
            return 1;
        }
    }
#if (HasContainers)

    private static async Task<bool> HasContainerRuntimeAsync(DistributedApplication app)
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
            $"No container runtime is running, and these resources need one: {string.Join(", ", containers)}. Start Docker or Podman, "
            + "or use servers that are already there: see \"Without containers\" in README.md.");
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
#endif
}
