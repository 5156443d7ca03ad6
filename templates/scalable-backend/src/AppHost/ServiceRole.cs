using ScalableBackend.ServiceDefaults;

internal static class ServiceRole
{
    /// <summary>The database as the services reach it: in a role of their own, which the migrator makes.</summary>
    public static IResourceBuilder<ConnectionStringResource> AddServiceRole(
        this IResourceBuilder<PostgresDatabaseResource> owner, IResourceBuilder<ParameterResource> password) =>
        owner.ApplicationBuilder.AddConnectionString(ResourceNames.Database, owner.Resource.Parent.GetServiceConnectionString(owner, password));

    public static ReferenceExpression GetServiceConnectionString(
        this PostgresServerResource server, IResourceBuilder<PostgresDatabaseResource> owner, IResourceBuilder<ParameterResource> password)
    {
        var host = server.PrimaryEndpoint.Property(EndpointProperty.Host);
        var port = server.PrimaryEndpoint.Property(EndpointProperty.Port);
        return ReferenceExpression.Create(
            $"Host={host};Port={port};Username=service;Password={password};Database={owner.Resource.DatabaseName}");
    }
}
