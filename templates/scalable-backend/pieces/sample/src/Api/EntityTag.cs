using System.Globalization;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace ScalableBackend.Api;

/// <summary>Versions as callers see them: a response names its version in ETag, and a change the one that it is based on in If-Match.</summary>
internal static class EntityTag
{
    /// <summary>In If-Match: whatever the version is.</summary>
    public const string Any = "*";

    public static string Of(uint version) => $"\"{version}\"";

    /// <summary>Documents that a response names its version.</summary>
    public static RouteHandlerBuilder ReturnEntityTag(this RouteHandlerBuilder builder) => builder.AddOpenApiOperationTransformer((operation, _, _) =>
    {
        foreach (var response in operation.GetSuccesses())
        {
            response.AddHeader("ETag", "The version, for If-Match.");
        }

        return Task.CompletedTask;
    });

    /// <summary>Documents that a change names the version that it is based on.</summary>
    public static RouteHandlerBuilder RequireIfMatch(this RouteHandlerBuilder builder) => builder.AddOpenApiOperationTransformer(async (operation, context, cancellationToken) =>
    {
        var parameter = operation.Parameters!.OfType<OpenApiParameter>().Single(candidate => candidate.Name == "If-Match");
        parameter.Required = true;
        parameter.Description = "The ETag of the version that was read, or * for any version.";
        parameter.Example = Any;
        await operation.AddProblemAsync(context, StatusCodes.Status412PreconditionFailed, "Another version is the current one.", cancellationToken);
        await operation.AddProblemAsync(context, StatusCodes.Status428PreconditionRequired, "If-Match is missing.", cancellationToken);
    });

    /// <returns>Null if it is not a tag of this API, and so that of no version.</returns>
    public static uint? Parse(string tag) =>
        tag.Length > 2 && tag[0] == '"' && tag[^1] == '"' && uint.TryParse(tag.AsSpan(1, tag.Length - 2), NumberStyles.None, CultureInfo.InvariantCulture, out var version)
            ? version : null;

    /// <summary>The change does not say which version it is based on.</summary>
    public static ProblemHttpResult Required() => TypedResults.Problem(
        "Send the ETag of the version that you have read in If-Match, or * to change any version.", statusCode: StatusCodes.Status428PreconditionRequired);

    /// <summary>The version that the change is based on is not the current one.</summary>
    public static ProblemHttpResult Outdated() => TypedResults.Problem(
        "It has changed since: read it again, and repeat the change with its new ETag.", statusCode: StatusCodes.Status412PreconditionFailed);
}
