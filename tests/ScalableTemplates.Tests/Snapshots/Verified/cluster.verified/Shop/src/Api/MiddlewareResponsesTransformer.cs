using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace Shop.Api;

/// <summary>Documents the responses that the shared middleware may return for any endpoint.</summary>
internal sealed class MiddlewareResponsesTransformer : IOpenApiOperationTransformer
{
    public async Task TransformAsync(OpenApiOperation operation, OpenApiOperationTransformerContext context, CancellationToken cancellationToken)
    {
        await AddAsync(StatusCodes.Status400BadRequest, "The request is malformed or invalid. If the cause is a parameter or field, errors names it.");
        if (operation.Responses!.TryGetValue("404", out var notFound) && notFound.Content is not { Count: > 0 })
        {
            await AddAsync(StatusCodes.Status404NotFound, "The resource does not exist.");
        }

        if (operation.RequestBody is not null)
        {
            await AddAsync(StatusCodes.Status408RequestTimeout, "The request body did not arrive in time.");
            await AddAsync(StatusCodes.Status413PayloadTooLarge, $"The request body is larger than {RequestBodyExtensions.MaxBytes} bytes.");
            await AddAsync(StatusCodes.Status415UnsupportedMediaType, "The media type of the request body is not supported.");
        }

        (await AddAsync(StatusCodes.Status503ServiceUnavailable, "The service is overloaded, or a dependency is unavailable.")).AddRetryAfter();
        if ((operation.Responses.GetValueOrDefault("201") ?? operation.Responses.GetValueOrDefault("202")) is OpenApiResponse created)
        {
            created.AddHeader("Location", "The path of the new resource.");
        }

        Task<OpenApiResponse> AddAsync(int status, string description) => operation.AddProblemAsync(context, status, description, cancellationToken);
    }
}
