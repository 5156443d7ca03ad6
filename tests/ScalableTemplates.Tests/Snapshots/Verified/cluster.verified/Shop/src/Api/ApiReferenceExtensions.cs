using Microsoft.OpenApi;
using Scalar.AspNetCore;

namespace Shop.Api;

internal static class ApiReferenceExtensions
{
    public const string Path = "/scalar";

    private const string Title = "Shop API";

    public static void AddApiReference(this IServiceCollection services) =>
        services.AddOpenApi(options => options
            .AddOperationTransformer<MiddlewareResponsesTransformer>()
            .AddSchemaTransformer((schema, _, _) =>
            {
                // Enums are serialized as strings, but the generated schema has no type.
                schema.Type ??= schema.Enum is { Count: > 0 } ? JsonSchemaType.String : null;
                return Task.CompletedTask;
            })
            .AddDocumentTransformer((document, _, _) =>
            {
                document.Info.Title = Title;
                document.Info.Description = "Create a token for development: `dotnet user-jwts create --project src/Api --scope orders --scope catalog:write --output token`";
                return Task.CompletedTask;
            }));

    /// <summary>
    /// In Development only: maps the OpenAPI document and the API reference, and redirects the root to the API reference, which loads
    /// nothing from other hosts.
    /// </summary>
    public static void MapApiReference(this WebApplication app)
    {
        if (!app.Environment.IsDevelopment())
        {
            return;
        }

        app.MapOpenApi();
        app.MapGet("/", () => TypedResults.Redirect(Path)).ExcludeFromDescription();
        app.MapScalarApiReference(Path, page => page
            .WithTitle(Title)
            .EnablePersistentAuthentication()
            .ExpandAllTags()
            .DisableDefaultFonts()
            .DisableTelemetry()
            .DisableAgent()
            .DisableMcp()
            .HideDeveloperTools()
            .HideClientButton());
    }
}
