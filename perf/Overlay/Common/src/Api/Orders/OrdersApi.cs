using Bench.Shared.Data;
using Bench.Shared.Messaging;
using Bench.Shared.Orders;
using Microsoft.EntityFrameworkCore;

namespace Bench.Api;

internal sealed record PlaceOrder(Guid Id, string Customer, decimal Total);

internal static class OrdersApi
{
    // EF tracks all that is saved at once, so more than this is saved bit by bit, still in one transaction.
    private const int MostAtOnce = 20_000;

    public static void MapOrders(this WebApplication app)
    {
        app.MapPost("/orders", PlaceAsync);
        // As many orders as a benchmark needs take longer than a request may.
        app.MapPost("/seed", SeedAsync).DisableRequestTimeout();
    }

    private static async Task<IResult> PlaceAsync(
        PlaceOrder request, AppDbContext db, MessagePublisher publisher, CancellationToken cancellationToken)
    {
        db.Add(new Order { Id = request.Id, Customer = request.Customer, Total = request.Total });
        publisher.Publish(new OrderPlaced(request.Id));
        await db.SaveChangesAsync(cancellationToken);
        return Results.Accepted();
    }

    private static async Task<IResult> SeedAsync(
        int count, AppDbContext db, MessagePublisher publisher, CancellationToken cancellationToken)
    {
        if (count <= MostAtOnce)
        {
            await AddAsync(count);
        }
        else
        {
            await db.Database.CreateExecutionStrategy().ExecuteAsync(async () =>
            {
                await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
                for (var left = count; left > 0; left -= MostAtOnce)
                {
                    db.ChangeTracker.Clear();
                    await AddAsync(Math.Min(left, MostAtOnce));
                }

                await transaction.CommitAsync(cancellationToken);
            });
        }

        return Results.Ok();

        async Task AddAsync(int some)
        {
            for (var i = 0; i < some; i++)
            {
                var order = new Order { Id = Guid.CreateVersion7(), Customer = "ada", Total = 12.5m };
                db.Add(order);
                publisher.Publish(new OrderPlaced(order.Id));
            }

            await db.SaveChangesAsync(cancellationToken);
        }
    }
}
