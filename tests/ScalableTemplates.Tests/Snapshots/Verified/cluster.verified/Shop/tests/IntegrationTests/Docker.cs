using System.ComponentModel;
using System.Diagnostics;

namespace Shop.IntegrationTests;

internal static class Docker
{
    public static async Task<bool> IsRunningAsync(CancellationToken cancellationToken)
    {
        try
        {
            var info = new ProcessStartInfo("docker", ["version", "--format", "{{.Server.Version}}"]) { RedirectStandardOutput = true, RedirectStandardError = true };
            using var docker = Process.Start(info);
            await docker!.WaitForExitAsync(cancellationToken);
            return docker.ExitCode == 0;
        }
        catch (Win32Exception)
        {
            return false;
        }
    }
}
