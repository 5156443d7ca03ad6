using System.Reflection;
using Microsoft.Extensions.Configuration.Json;
using Microsoft.Extensions.Configuration.UserSecrets;

namespace ScalableBackend.Api;

internal static class UserSecretsExtensions
{
    /// <summary>
    /// Has the user secrets read as soon as they are there. They are reloaded when they change, but only if their folder is
    /// there at the start: on a new machine 'dotnet user-jwts' creates it together with the first signing key.
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
            // Whether it is new or another process has just created it: this one may have looked for it before.
            Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // The home folder is missing or read-only, so there are no user secrets.
            return;
        }

        sources[index] = new ConfigurationBuilder().AddUserSecrets(assembly, optional: true, reloadOnChange: true).Sources[0];
    }
}
