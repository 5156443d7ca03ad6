using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Http.Extensions;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.EntityFrameworkCore;
using Shop.Shared.Data;
using Shop.Shared.Idempotency;

namespace Shop.Api.Idempotency;

/// <summary>Executes a request once per customer and key, and replays its stored response to repetitions.</summary>
internal sealed class IdempotencyFilter(TimeProvider clock, IConfiguration configuration) : IEndpointFilter
{
    public const string Header = "Idempotency-Key";
    public const int MaxLength = 100;

    // Default values are left out, so a property that is added to the contract does not turn a repetition into a different request.
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
        var customerId = context.HttpContext.User.GetCustomerId();
        var fingerprint = GetFingerprint(context);
        await using var transaction = await IdempotencyTransaction.BeginAsync(db, customerId, key, cancellationToken);
        if (!transaction.HasLock)
        {
            return InProgress(context.HttpContext);
        }

        if (transaction.Existing is { } existing)
        {
            if (existing.CreatedAt > now - _lifetime)
            {
                return existing.Fingerprint.SequenceEqual(fingerprint)
                    ? new StoredResponse(existing, isReplayed: true)
                    : TypedResults.Problem($"This {Header} was already used with a different request.", statusCode: StatusCodes.Status422UnprocessableEntity);
            }

            await db.IdempotencyRecords
                .Where(record => record.CustomerId == customerId && record.Key == key && record.CreatedAt == existing.CreatedAt)
                .ExecuteDeleteAsync(cancellationToken);
        }

        var record = await StoredResponse.CaptureAsync(context, next, body => new IdempotencyRecord
        {
            CustomerId = customerId,
            Key = key,
            Fingerprint = fingerprint,
            StatusCode = context.HttpContext.Response.StatusCode,
            Location = context.HttpContext.Response.Headers.Location,
            ContentType = context.HttpContext.Response.ContentType,
            Body = body,
            CreatedAt = now,
        });
        if (record.StatusCode < StatusCodes.Status500InternalServerError)
        {
            db.Add(record);
            if (!await transaction.TrySaveAndCommitAsync(cancellationToken))
            {
                return InProgress(context.HttpContext);
            }
        }

        // Saved changes must not be saved again, and changes of a failed request must not be saved at all.
        db.ChangeTracker.Clear();
        return new StoredResponse(record, isReplayed: false);
    }

    // Hashes the deserialized body, so white space and the order of properties make no difference.
    private static byte[] GetFingerprint(EndpointFilterInvocationContext context)
    {
        var request = context.HttpContext.Request;
        var bodyType = context.HttpContext.GetEndpoint()?.Metadata.GetMetadata<IAcceptsMetadata>()?.RequestType;
        var body = context.Arguments.FirstOrDefault(argument => argument?.GetType() == bodyType);
        return SHA256.HashData(JsonSerializer.SerializeToUtf8Bytes(
            new { request.Method, Path = request.GetEncodedPathAndQuery(), Body = body }, FingerprintOptions));
    }

    private static ProblemHttpResult InProgress(HttpContext context)
    {
        context.Response.Headers.RetryAfter = "1";
        return TypedResults.Problem($"A request with this {Header} is still in progress.", statusCode: StatusCodes.Status409Conflict);
    }
}
