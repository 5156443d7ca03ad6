using System.Text.Json;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace ScalableBackend.Api;

internal static class OpenApiExamples
{
    /// <summary>Fills in a parameter on the API's page.</summary>
    public static RouteHandlerBuilder WithExample(this RouteHandlerBuilder builder, string parameter, object value) =>
        builder.AddOpenApiOperationTransformer((operation, _, _) =>
        {
            operation.Parameters!.OfType<OpenApiParameter>().Single(candidate => candidate.Name == parameter).Example = JsonSerializer.SerializeToNode(value);
            return Task.CompletedTask;
        });

    /// <summary>Fills in the body on the API's page.</summary>
    public static RouteHandlerBuilder WithExample<T>(this RouteHandlerBuilder builder, T body) =>
        builder.AddOpenApiOperationTransformer((operation, _, _) =>
        {
            operation.RequestBody!.Content!["application/json"].Example = JsonSerializer.SerializeToNode(body, JsonSerializerOptions.Web);
            return Task.CompletedTask;
        });
}
