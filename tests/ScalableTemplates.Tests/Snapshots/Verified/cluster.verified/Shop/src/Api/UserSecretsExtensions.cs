using System.Reflection;
using Microsoft.Extensions.Configuration.Json;
using Microsoft.Extensions.Configuration.UserSecrets;

namespace Shop.Api;

internal static class UserSecretsExtensions
{
    /// <summary>
    /// Creates the folder of the user secrets if it is missing. The configuration reloads user secrets only if their folder exists
    /// during start-up; on a new machine, 'dotnet user-jwts' creates it later, together with the first signing key.
    /// </summary>
    public static void WatchUserSecrets(this WebApplicationBuilder builder)
    {
        var sources = builder.Configuration.Sources;
        var index = sources.ToList().FindIndex(source => source is JsonConfigurationSource { Path: "secrets.json" });
        if (index < 0 || sources[index] is JsonConfigurationSource { ReloadOnChange: false })
        {
            // Not in Development, or hostBuilder:reloadConfigOnChange is off.
            return;
        }

        var assembly = typeof(UserSecretsExtensions).Assembly;
        var file = PathHelper.GetSecretsPathFromSecretsId(assembly.GetCustomAttribute<UserSecretsIdAttribute>()!.UserSecretsId);
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // Without a writable home folder, there are no user secrets.
            return;
        }

        // Also if the folder exists: another process may have created it after this one had added its configuration.
        sources[index] = new ConfigurationBuilder().AddUserSecrets(assembly, optional: true, reloadOnChange: true).Sources[0];
    }
}
