using System.Security.Cryptography;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using ScalableBackend.Core.Data;
using ScalableBackend.Core.Messaging;
using ScalableBackend.Core.Orders;

namespace ScalableBackend.Api.Orders;

internal sealed record PlacementResult(Guid OrderId, int StatusCode = StatusCodes.Status202Accepted, string? Error = null);

internal sealed class OrderPlacement(AppDbContext db, MessagePublisher publisher, TimeProvider clock)
{
    /// <summary>Makes one order for a key, however often and from however many places at once it is asked to.</summary>
    public async Task<PlacementResult> PlaceAsync(PlaceOrder request, string customerId, string key, CancellationToken cancellationToken)
    {
        var fingerprint = SHA256.HashData(JsonSerializer.SerializeToUtf8Bytes(request));
        if (await FindAsync(customerId, key, fingerprint, cancellationToken) is { } earlier)
        {
            return earlier;
        }

        var ids = request.Lines.Select(line => line.ProductId).ToHashSet();
        var prices = await db.Products
            .Where(product => ids.Contains(product.Id))
            .ToDictionaryAsync(product => product.Id, product => product.Price, cancellationToken);
        if (ids.Count < request.Lines.Count || prices.Count < ids.Count)
        {
            return new(default, StatusCodes.Status400BadRequest, "Every line needs a product of its own that exists.");
        }

        var now = clock.GetUtcNow();
        var lines = request.Lines.Select(line => new OrderLine(line.ProductId, line.Quantity, prices[line.ProductId])).ToList();
        var order = new Order
        {
            Id = Guid.CreateVersion7(now),
            CustomerId = customerId,
            Email = request.Email,
            PaymentMethod = request.PaymentMethod,
            Total = lines.Sum(line => line.Quantity * line.UnitPrice),
            Lines = lines,
        };
        db.Add(order);
        db.Add(new IdempotencyKey { CustomerId = customerId, Key = key, Fingerprint = fingerprint, OrderId = order.Id, CreatedAt = now });
        publisher.Publish(new OrderPlaced(order.Id));
        try
        {
            await db.SaveChangesAsync(cancellationToken);
        }
        catch (DbUpdateException) when (!cancellationToken.IsCancellationRequested)
        {
            // The same request may have been quicker on another connection; then the key stopped this one.
            if (await FindAsync(customerId, key, fingerprint, cancellationToken) is { } winner)
            {
                return winner;
            }

            throw;
        }

        return new(order.Id);
    }

    private async Task<PlacementResult?> FindAsync(string customerId, string key, byte[] fingerprint, CancellationToken cancellationToken)
    {
        var found = await db.IdempotencyKeys.AsNoTracking()
            .SingleOrDefaultAsync(row => row.CustomerId == customerId && row.Key == key, cancellationToken);
        if (found is null)
        {
            return null;
        }

        return found.Fingerprint.SequenceEqual(fingerprint)
            ? new(found.OrderId)
            : new(default, StatusCodes.Status422UnprocessableEntity, "This Idempotency-Key was used for another request.");
    }
}
