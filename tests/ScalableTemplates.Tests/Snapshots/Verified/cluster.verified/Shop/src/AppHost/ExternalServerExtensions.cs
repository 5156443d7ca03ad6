internal static class ExternalServerExtensions
{
    /// <summary>Adds an existing server, to be used instead of a container, if the AppHost's configuration has a connection string for it.</summary>
    /// <param name="builder">The application builder.</param>
    /// <param name="name">The name of the connection string.</param>
    /// <returns>Null if the connection string is not configured.</returns>
    public static IResourceBuilder<IResourceWithConnectionString>? TryAddExternalServer(this IDistributedApplicationBuilder builder, string name) =>
        string.IsNullOrEmpty(builder.Configuration.GetConnectionString(name))
            ? null
            : builder.AddConnectionString(name)
                .WithInitialState(new() { ResourceType = "External", Properties = [] })
                .WithIconName("PlugConnected");
}
