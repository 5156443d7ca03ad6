using System.Text.Json;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace Shop.Api;

internal static class OpenApiExampleExtensions
{
    /// <summary>Sets the example of a parameter, which the API reference fills in.</summary>
    public static RouteHandlerBuilder WithExample(this RouteHandlerBuilder builder, string parameter, object value) =>
        builder.AddOpenApiOperationTransformer((operation, _, _) =>
        {
            operation.Parameters!.OfType<OpenApiParameter>().Single(candidate => candidate.Name == parameter).Example = JsonSerializer.SerializeToNode(value);
            return Task.CompletedTask;
        });

    /// <summary>Sets the example of the request body, which the API reference fills in.</summary>
    public static RouteHandlerBuilder WithExample<T>(this RouteHandlerBuilder builder, T body) =>
        builder.AddOpenApiOperationTransformer((operation, _, _) =>
        {
            operation.RequestBody!.Content!["application/json"].Example = JsonSerializer.SerializeToNode(body, JsonSerializerOptions.Web);
            return Task.CompletedTask;
        });
}
