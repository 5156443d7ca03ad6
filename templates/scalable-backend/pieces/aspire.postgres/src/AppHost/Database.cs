using ScalableBackend.ServiceDefaults;

/// <summary>The application's database, by the connection strings under which it is used.</summary>
internal sealed class Database
{
    /// <summary>The role that owns the tables. Only the Migrator uses it.</summary>
    public required IResourceBuilder<IResourceWithConnectionString> Owner { get; init; }

    /// <summary>The role of the services, which may read and write rows. The Migrator creates it.</summary>
    public required IResourceBuilder<IResourceWithConnectionString> Service { get; init; }
#if (HasReplica)

    /// <summary>The same role on a standby.</summary>
    public required IResourceBuilder<IResourceWithConnectionString> Replica { get; init; }
#endif
}

internal static class DatabaseExtensions
{
    /// <summary>PostgreSQL in a container; or the server in the connection string 'database', which then is the owner as well unless there is an 'owner'.</summary>
    public static Database AddDatabase(this IDistributedApplicationBuilder builder)
    {
        if (builder.FindConnectionString(ResourceNames.Database) is { } external)
        {
            return new()
            {
                Owner = builder.FindConnectionString(ResourceNames.Owner) ?? external,
                Service = external,
#if (HasReplica)
                Replica = builder.FindConnectionString(StandbyExtensions.Name) ?? builder.AddConnectionString(StandbyExtensions.Name, external.Resource.ConnectionStringExpression),
#endif
            };
        }

        // The data volume keeps the first passwords for ever, so they are kept too, in the user secrets.
        var generated = new GenerateParameterDefault { MinLength = 24, Special = false };
        var ownerPassword = builder.AddParameter("postgres-password", generated, secret: true, persist: true);
        var servicePassword = builder.AddParameter("service-password", generated, secret: true, persist: true);
        var postgres = builder.AddPostgres("postgres", password: ownerPassword)
            .WithDataVolume()
            .WithLifetime(ContainerLifetime.Persistent);
        postgres.WithPgWeb(admin => admin.WithExplicitStart().WithParentRelationship(postgres));
        return new()
        {
            Owner = postgres.AddDatabase(ResourceNames.Owner, "app"),
            Service = postgres.AddServiceConnectionString(postgres, ResourceNames.Database, servicePassword),
#if (HasReplica)
            Replica = postgres.AddServiceConnectionString(postgres.AddStandby(ownerPassword), StandbyExtensions.Name, servicePassword),
#endif
        };
    }

    private static IResourceBuilder<ConnectionStringResource> AddServiceConnectionString(
        this IResourceBuilder<PostgresServerResource> postgres, IResourceBuilder<PostgresServerResource> server, string name, IResourceBuilder<ParameterResource> password)
    {
        var endpoint = server.Resource.PrimaryEndpoint;
        return postgres.ApplicationBuilder
            .AddConnectionString(name, ReferenceExpression.Create(
                $"Host={endpoint.Property(EndpointProperty.Host)};Port={endpoint.Property(EndpointProperty.Port)};Username=service;Password={password};Database=app"))
            .WithParentRelationship(postgres);
    }
}
