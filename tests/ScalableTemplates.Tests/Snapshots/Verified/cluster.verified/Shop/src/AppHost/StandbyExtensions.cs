internal static class StandbyExtensions
{
    public const string Name = "replica";

    private const string Folder = "/etc/standby";

    /// <summary>Adds a hot standby that streams from <paramref name="primary"/>. No resource waits for it: until it is ready, the primary serves all reads.</summary>
    public static IResourceBuilder<PostgresServerResource> AddStandby(
        this IResourceBuilder<PostgresServerResource> primary, IResourceBuilder<ParameterResource> password)
    {
        primary
            .WithContainerFiles(Folder, "../../deploy/postgres")
            .WithArgs("-c", $"hba_file={Folder}/pg_hba.conf");
        var endpoint = primary.Resource.PrimaryEndpoint;
        return primary.ApplicationBuilder.AddPostgres("postgres-standby", password: password)
            .WithContainerFiles(Folder, "../../deploy/postgres")
            .WithEntrypoint("sh")
            .WithArgs($"{Folder}/standby.sh")
            .WithEnvironment("PRIMARY", ReferenceExpression.Create(
                $"host={endpoint.Property(EndpointProperty.Host)} port={endpoint.Property(EndpointProperty.Port)} user={primary.Resource.UserNameReference} application_name=standby"))
            .WithEnvironment("PGPASSWORD", password)
            .WithLifetime(ContainerLifetime.Persistent)
            .WithParentRelationship(primary)
            .WaitFor(primary);
    }
}
