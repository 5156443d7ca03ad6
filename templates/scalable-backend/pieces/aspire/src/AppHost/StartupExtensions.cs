using Microsoft.AspNetCore.Connections;

internal static class StartupExtensions
{
    /// <summary>Runs the application. What keeps it from starting, and is not its own fault, is said in one sentence.</summary>
    /// <returns>The exit code.</returns>
    public static async Task<int> RunOrExplainAsync(this DistributedApplication app)
    {
#if (HasContainers)
        if (!await app.HasContainerRuntimeAsync())
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
}
