internal static class ExternalServerExtensions
{
    /// <summary>
    /// A server that is already there, if the AppHost's configuration has a connection string <paramref name="name"/> for it:
    /// it takes the place of the container that would be started otherwise.
    /// </summary>
    /// <returns>Null if there is no such connection string.</returns>
    public static IResourceBuilder<IResourceWithConnectionString>? FindConnectionString(this IDistributedApplicationBuilder builder, string name) =>
        string.IsNullOrEmpty(builder.Configuration.GetConnectionString(name))
            ? null
            : builder.AddConnectionString(name)
                .WithInitialState(new() { ResourceType = "External", Properties = [] })
                .WithIconName("PlugConnected");
}
