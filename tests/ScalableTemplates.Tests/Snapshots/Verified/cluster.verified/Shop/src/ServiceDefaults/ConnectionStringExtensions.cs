namespace Shop.ServiceDefaults;

public static class ConnectionStringExtensions
{
    /// <summary>Returns the connection string <paramref name="name"/>.</summary>
    /// <exception cref="ConfigurationException">The connection string is not configured; the message says how to set it.</exception>
    public static string GetRequiredConnectionString(this IHostApplicationBuilder builder, string name) =>
        builder.Configuration.GetConnectionString(name) is { Length: > 0 } value
            ? value
            : throw new ConfigurationException(
                $"Connection string '{name}' is missing. Set the environment variable ConnectionStrings__{name}, "
                + "or start the whole solution, which sets it: dotnet run --project src/AppHost");
}
