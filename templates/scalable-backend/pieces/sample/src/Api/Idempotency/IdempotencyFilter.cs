using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Http.Extensions;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.EntityFrameworkCore;
using ScalableBackend.Shared.Data;
using ScalableBackend.Shared.Idempotency;

namespace ScalableBackend.Api.Idempotency;

/// <summary>Runs the endpoint once for each key of a customer, and repeats its answer to every repetition of the request.</summary>
internal sealed class IdempotencyFilter(TimeProvider clock, IConfiguration configuration) : IEndpointFilter
{
    public const string Header = "Idempotency-Key";
    public const int MaxLength = 100;

    // A field that is not set does not count, so adding one to the contract does not turn a repetition into another request.
    private static readonly JsonSerializerOptions FingerprintOptions = new() { DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingDefault };

    private readonly TimeSpan _lifetime = IdempotencyRecord.GetLifetime(configuration);

    public async ValueTask<object?> InvokeAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        var key = context.HttpContext.Request.Headers[Header].ToString();
        if (key.Length is 0 or > MaxLength)
        {
            return TypedResults.Problem($"The header {Header} is required, with 1 to {MaxLength} characters.", statusCode: StatusCodes.Status400BadRequest);
        }

        var db = context.HttpContext.RequestServices.GetRequiredService<AppDbContext>();
        return await db.Database.CreateExecutionStrategy().ExecuteAsync(
            cancellationToken => ExecuteOnceAsync(context, next, db, key, cancellationToken), context.HttpContext.RequestAborted);
    }

    private async Task<IResult> ExecuteOnceAsync(
        EndpointFilterInvocationContext context, EndpointFilterDelegate next, AppDbContext db, string key, CancellationToken cancellationToken)
    {
        db.ChangeTracker.Clear();
        var now = clock.GetUtcNow();
        var customerId = context.HttpContext.GetCustomerId();
        var fingerprint = GetFingerprint(context);
        await using var claim = await IdempotencyClaim.TryTakeAsync(db, customerId, key, cancellationToken);
        if (!claim.IsTaken)
        {
            return InFlight(context.HttpContext);
        }

        if (claim.Earlier is { } earlier)
        {
            if (earlier.CreatedAt > now - _lifetime)
            {
                return earlier.Fingerprint.SequenceEqual(fingerprint)
                    ? new StoredResponse(earlier, isReplayed: true)
                    : TypedResults.Problem($"This {Header} was already used with a different request.", statusCode: StatusCodes.Status422UnprocessableEntity);
            }

            await db.IdempotencyRecords
                .Where(row => row.CustomerId == customerId && row.Key == key && row.CreatedAt == earlier.CreatedAt)
                .ExecuteDeleteAsync(cancellationToken);
        }

        var response = context.HttpContext.Response;
        var body = await RunAsync(response, context, next);
        var answer = new IdempotencyRecord
        {
            CustomerId = customerId,
            Key = key,
            Fingerprint = fingerprint,
            StatusCode = response.StatusCode,
            Location = response.Headers.Location,
            ContentType = response.ContentType,
            Body = body,
            CreatedAt = now,
        };
        if (answer.StatusCode < StatusCodes.Status500InternalServerError)
        {
            db.Add(answer);
            if (!await claim.TryCompleteAsync(cancellationToken))
            {
                return InFlight(context.HttpContext);
            }
        }

        // What is saved is not pending any more, and what an error of the endpoint has left is not to be saved.
        db.ChangeTracker.Clear();
        return new StoredResponse(answer, isReplayed: false);
    }

    /// <returns>The body of the answer, which is not sent before the transaction is committed.</returns>
    private static async Task<byte[]> RunAsync(HttpResponse response, EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        // The database may have failed an attempt before this one, after the endpoint had answered.
        response.StatusCode = StatusCodes.Status200OK;
        response.Headers.Location = default;
        var connection = response.Body;
        using var buffer = new MemoryStream();
        response.Body = buffer;
        try
        {
            await ((IResult)(await next(context))!).ExecuteAsync(context.HttpContext);
            return buffer.ToArray();
        }
        finally
        {
            response.Body = connection;
        }
    }

    // Of the body as the endpoint understands it: white space and the order of fields make no difference.
    private static byte[] GetFingerprint(EndpointFilterInvocationContext context)
    {
        var request = context.HttpContext.Request;
        var bodyType = context.HttpContext.GetEndpoint()?.Metadata.GetMetadata<IAcceptsMetadata>()?.RequestType;
        var body = context.Arguments.FirstOrDefault(argument => argument?.GetType() == bodyType);
        return SHA256.HashData(JsonSerializer.SerializeToUtf8Bytes(
            new { request.Method, Path = request.GetEncodedPathAndQuery(), Body = body }, FingerprintOptions));
    }

    private static ProblemHttpResult InFlight(HttpContext context)
    {
        context.Response.Headers.RetryAfter = "1";
        return TypedResults.Problem($"A request with this {Header} is still in progress.", statusCode: StatusCodes.Status409Conflict);
    }
}
