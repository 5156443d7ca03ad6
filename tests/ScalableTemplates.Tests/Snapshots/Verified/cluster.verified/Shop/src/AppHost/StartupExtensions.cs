using Microsoft.AspNetCore.Connections;

internal static class StartupExtensions
{
    /// <summary>Runs the application. Reports a missing container runtime or a port in use in one sentence instead of a stack trace.</summary>
    /// <returns>The exit code.</returns>
    public static async Task<int> RunWithFriendlyErrorsAsync(this DistributedApplication app)
    {
        if (!await app.CheckContainerRuntimeAsync())
        {
            return 1;
        }

        try
        {
            await app.RunAsync();
            return 0;
        }
        catch (IOException exception) when (exception.InnerException is AddressInUseException)
        {
            await Console.Error.WriteLineAsync($"{exception.Message} Stop the AppHost that is already running, or change the ports in Properties/launchSettings.json.");
            return 1;
        }
    }
}
