internal static class MailpitExtensions
{
    /// <summary>Adds Mailpit, which catches outgoing mail and shows it in a web UI.</summary>
    /// <param name="builder">The application builder.</param>
    /// <param name="name">The name of the connection string, which has the form <c>smtp://host:port</c>.</param>
    public static IResourceBuilder<ConnectionStringResource> AddMailpit(this IDistributedApplicationBuilder builder, string name)
    {
        var mailpit = builder.AddContainer("mailpit", "axllent/mailpit", "v1.22.3")
            .WithHttpEndpoint(targetPort: 8025, name: "ui")
            .WithEndpoint(targetPort: 1025, name: "smtp", scheme: "smtp")
            .WithUrlForEndpoint("ui", url => url.DisplayText = "Mail")
            .WithUrlForEndpoint("smtp", url => url.DisplayLocation = UrlDisplayLocation.DetailsOnly)
            .WithHttpHealthCheck("/livez", endpointName: "ui")
            .WithIconName("Mail")
            .WithLifetime(ContainerLifetime.Persistent);
        return builder.AddConnectionString(name, ReferenceExpression.Create($"{mailpit.GetEndpoint("smtp")}"))
            .WithParentRelationship(mailpit)
            .WaitFor(mailpit);
    }
}
