using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace Shop.Api.Idempotency;

internal static class IdempotencyExtensions
{
    /// <summary>
    /// Requires an Idempotency-Key header, so that clients can safely repeat a request. The endpoint runs in a database transaction
    /// and returns an <see cref="IResult"/>. Its changes are committed together with its response, unless that is a server error,
    /// before the response is sent. So the endpoint should do nothing slow, and nothing outside of the database.
    /// </summary>
    public static RouteHandlerBuilder RequireIdempotencyKey(this RouteHandlerBuilder builder) => builder
        .AddEndpointFilter<IdempotencyFilter>()
        .AddOpenApiOperationTransformer(async (operation, context, cancellationToken) =>
        {
            (operation.Parameters ??= []).Add(new OpenApiParameter
            {
                Name = IdempotencyFilter.Header,
                In = ParameterLocation.Header,
                Required = true,
                Description = "A key that the client chooses: unique for each request, and the same for its repetitions.",
                Schema = new OpenApiSchema { Type = JsonSchemaType.String, MinLength = 1, MaxLength = IdempotencyFilter.MaxLength },
                Example = $"{operation.OperationId}-1",
            });
            var conflict = await operation.AddProblemAsync(
                context, StatusCodes.Status409Conflict, "A request with this key is still in progress.", cancellationToken);
            conflict.AddRetryAfter();
            await operation.AddProblemAsync(
                context, StatusCodes.Status422UnprocessableEntity, "The key was already used with a different request.", cancellationToken);
            foreach (var response in operation.GetSuccesses())
            {
                response.AddHeader("Idempotency-Replayed", "true: the response to an earlier request with this key.", isRequired: false);
            }
        });
}
