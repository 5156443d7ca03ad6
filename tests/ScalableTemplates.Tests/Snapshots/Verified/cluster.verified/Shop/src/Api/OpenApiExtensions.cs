using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace Shop.Api;

internal static class OpenApiExtensions
{
    /// <summary>Documents an error response with a ProblemDetails body.</summary>
    public static async Task<OpenApiResponse> AddProblemAsync(
        this OpenApiOperation operation, OpenApiOperationTransformerContext context, int status, string description, CancellationToken cancellationToken)
    {
        var type = status == StatusCodes.Status400BadRequest ? typeof(HttpValidationProblemDetails) : typeof(ProblemDetails);
        context.Document!.AddComponent(type.Name, await context.GetOrCreateSchemaAsync(type, cancellationToken: cancellationToken));
        var response = new OpenApiResponse
        {
            Description = description,
            Content = new Dictionary<string, OpenApiMediaType>
            {
                ["application/problem+json"] = new() { Schema = new OpenApiSchemaReference(type.Name, context.Document) },
            },
        };
        operation.Responses![$"{status}"] = response;
        return response;
    }

    public static void AddHeader(
        this OpenApiResponse response, string name, string description, JsonSchemaType type = JsonSchemaType.String, bool isRequired = true) =>
        (response.Headers ??= new Dictionary<string, IOpenApiHeader>())[name] = new OpenApiHeader
        {
            Description = description,
            Required = isRequired,
            Schema = new OpenApiSchema { Type = type },
        };

    public static void AddRetryAfter(this OpenApiResponse response) =>
        response.AddHeader("Retry-After", "The number of seconds to wait before a retry.", JsonSchemaType.Integer);

    public static IEnumerable<OpenApiResponse> GetSuccesses(this OpenApiOperation operation) =>
        operation.Responses!.Where(response => response.Key.StartsWith('2')).Select(response => response.Value).OfType<OpenApiResponse>();
}
