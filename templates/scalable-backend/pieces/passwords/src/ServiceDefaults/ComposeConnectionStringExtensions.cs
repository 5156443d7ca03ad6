using Microsoft.Extensions.Configuration.Memory;

namespace ScalableBackend.ServiceDefaults;

/// <summary>
/// Adds connection strings for the servers in compose.yaml, with the password from the .env file next to it; in Development only.
/// All other configuration sources, such as environment variables and user secrets, take precedence.
/// </summary>
internal static class ComposeConnectionStringExtensions
{
    private const string Variable = "SERVERS_PASSWORD=";

    public static void AddComposeConnectionStrings(this IHostApplicationBuilder builder)
    {
        if (!builder.Environment.IsDevelopment() || ReadPassword() is not { } password)
        {
            return;
        }

        builder.Configuration.Sources.Insert(0, new MemoryConfigurationSource
        {
            InitialData = new Dictionary<string, string?>
            {
#if (HasPostgres)
                ["ConnectionStrings:owner"] = $"Host=localhost;Port=25987;Database=app;Username=owner;Password={password}",
                ["ConnectionStrings:database"] = $"Host=localhost;Port=25987;Database=app;Username=service;Password={password}",
#endif
#if (HasReplica)
                ["ConnectionStrings:replica"] = $"Host=localhost;Port=29987;Database=app;Username=service;Password={password}",
#endif
#if (HasRedis)
                ["ConnectionStrings:cache"] = $"localhost:26987,password={password}",
#endif
#if (HasRabbitMq)
                ["ConnectionStrings:broker"] = $"amqp://app:{password}@localhost:27987",
#endif
            },
        });
    }

    private static string? ReadPassword()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "compose.yaml")))
        {
            folder = folder.Parent;
        }

        var file = Path.Combine(folder?.FullName ?? "", ".env");
        return folder is null || !File.Exists(file)
            ? null
            : File.ReadLines(file).LastOrDefault(line => line.StartsWith(Variable, StringComparison.Ordinal))?[Variable.Length..].Trim();
    }
}
