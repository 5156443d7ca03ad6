using System.Globalization;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace Shop.Api;

/// <summary>Optimistic concurrency over HTTP: responses carry the version in ETag, and changes send the version that they are based on in If-Match.</summary>
internal static class EntityTag
{
    /// <summary>The value of If-Match that matches every version.</summary>
    public const string Any = "*";

    public static string Format(uint version) => $"\"{version}\"";

    /// <summary>Documents the header ETag of successful responses.</summary>
    public static RouteHandlerBuilder WithEntityTag(this RouteHandlerBuilder builder) => builder.AddOpenApiOperationTransformer((operation, _, _) =>
    {
        foreach (var response in operation.GetSuccesses())
        {
            response.AddHeader("ETag", "The version of the resource, for If-Match.");
        }

        return Task.CompletedTask;
    });

    /// <summary>Documents the required header If-Match, and the responses 412 and 428.</summary>
    public static RouteHandlerBuilder WithIfMatch(this RouteHandlerBuilder builder) => builder.AddOpenApiOperationTransformer(async (operation, context, cancellationToken) =>
    {
        var parameter = operation.Parameters!.OfType<OpenApiParameter>().Single(candidate => candidate.Name == "If-Match");
        parameter.Required = true;
        parameter.Description = "The ETag of the version that was read, or * for any version.";
        parameter.Example = Any;
        await operation.AddProblemAsync(context, StatusCodes.Status412PreconditionFailed, "The resource has changed since the version in If-Match.", cancellationToken);
        await operation.AddProblemAsync(context, StatusCodes.Status428PreconditionRequired, "If-Match is missing.", cancellationToken);
    });

    /// <returns>The version, or null if the tag was not issued by this API and therefore matches no version.</returns>
    public static uint? Parse(string tag) =>
        tag.Length > 2 && tag[0] == '"' && tag[^1] == '"' && uint.TryParse(tag.AsSpan(1, tag.Length - 2), NumberStyles.None, CultureInfo.InvariantCulture, out var version)
            ? version : null;

    public static ProblemHttpResult PreconditionRequired() => TypedResults.Problem(
        "If-Match is required: the ETag of the version that was read, or * for any version.", statusCode: StatusCodes.Status428PreconditionRequired);

    public static ProblemHttpResult PreconditionFailed() => TypedResults.Problem(
        "The resource has changed since the version in If-Match. Read it again and repeat the change with the new ETag.", statusCode: StatusCodes.Status412PreconditionFailed);
}
