using ScalableBackend.ServiceDefaults;

internal static class Standby
{
    private const string Folder = "/etc/standby";

    /// <summary>A second PostgreSQL that streams from the database's own one, with a connection string to read from it.</summary>
    public static IResourceBuilder<ConnectionStringResource> AddStandby(
        this IResourceBuilder<PostgresDatabaseResource> owner,
        IResourceBuilder<ParameterResource> password,
        IResourceBuilder<ParameterResource> servicePassword)
    {
        var builder = owner.ApplicationBuilder;
        var primary = builder.CreateResourceBuilder(owner.Resource.Parent)
            .WithContainerFiles(Folder, "../../deploy/postgres")
            .WithArgs("-c", $"hba_file={Folder}/pg_hba.conf");
        var address = primary.Resource.PrimaryEndpoint;
        var standby = builder.AddPostgres("postgres-standby", password: password)
            .WithContainerFiles(Folder, "../../deploy/postgres")
            .WithEntrypoint("sh")
            .WithArgs($"{Folder}/standby.sh")
            .WithEnvironment("PRIMARY", ReferenceExpression.Create(
                $"host={address.Property(EndpointProperty.Host)} port={address.Property(EndpointProperty.Port)} user={primary.Resource.UserNameReference} application_name=standby"))
            .WithEnvironment("PGPASSWORD", password)
            .WithLifetime(ContainerLifetime.Persistent)
            .WaitFor(primary);
        return builder.AddConnectionString(
            "replica", standby.Resource.GetServiceConnectionString(owner, servicePassword));
    }
}
