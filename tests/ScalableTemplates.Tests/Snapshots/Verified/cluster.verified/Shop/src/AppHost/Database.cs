using Shop.ServiceDefaults;

/// <summary>The connection strings of the application's database, one for each role.</summary>
internal sealed class Database
{
    /// <summary>The owner of the tables, used only by the Migrator.</summary>
    public required IResourceBuilder<IResourceWithConnectionString> Owner { get; init; }

    /// <summary>The role of the services, which can read and write rows. The Migrator creates it.</summary>
    public required IResourceBuilder<IResourceWithConnectionString> Service { get; init; }

    /// <summary>The role of the services, on the standby.</summary>
    public required IResourceBuilder<IResourceWithConnectionString> Replica { get; init; }
}

internal static class DatabaseExtensions
{
    /// <summary>Adds PostgreSQL in a container, or the existing server of the connection string 'database', whose role is also the owner unless there is a connection string 'owner'.</summary>
    public static Database AddDatabase(this IDistributedApplicationBuilder builder)
    {
        if (builder.TryAddExternalServer(ResourceNames.Database) is { } external)
        {
            return new()
            {
                Owner = builder.TryAddExternalServer(ResourceNames.Owner) ?? external,
                Service = external,
                Replica = builder.TryAddExternalServer(StandbyExtensions.Name) ?? builder.AddConnectionString(StandbyExtensions.Name, external.Resource.ConnectionStringExpression),
            };
        }

        // The data volume keeps the passwords of the first start, so they are persisted in the user secrets.
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
            Replica = postgres.AddServiceConnectionString(postgres.AddStandby(ownerPassword), StandbyExtensions.Name, servicePassword),
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
