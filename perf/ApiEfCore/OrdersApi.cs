using System.Security.Cryptography;
using System.Text.Json;
using ApiBaseline;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace ApiEfCore;

internal static class OrdersApi
{
    private static readonly Func<ShopContext, Guid, string, CancellationToken, Task<OrderRow?>> Find = EF.CompileAsyncQuery(
        (ShopContext db, Guid id, string customer, CancellationToken _) =>
            db.Orders.AsNoTracking().SingleOrDefault(row => row.Id == id && row.CustomerId == customer));

    private static readonly Func<ShopContext, string, Guid, int, IAsyncEnumerable<OrderSummary>> List = EF.CompileAsyncQuery(
        (ShopContext db, string customer, Guid after, int count) => db.Orders
            .Where(row => row.CustomerId == customer && row.Id < after)
            .OrderByDescending(row => row.Id)
            .Take(count)
            .Select(row => new OrderSummary(row.Id, row.Status, row.Total)));

    private static readonly Func<ShopContext, Guid[], IAsyncEnumerable<KeyValuePair<Guid, decimal>>> FindPrices = EF.CompileAsyncQuery(
        (ShopContext db, Guid[] ids) =>
            db.Products.Where(row => ids.Contains(row.Id)).Select(row => new KeyValuePair<Guid, decimal>(row.Id, row.Price)));

    public static void MapOrders(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/orders/{id:guid}", GetAsync);
        routes.MapGet("/orders", ListAsync);
        routes.MapPost("/orders", PlaceAsync);
    }

    private static async Task<Results<Ok<Order>, NotFound>> GetAsync(
        Guid id, ShopContext db, HttpContext context, CancellationToken cancellationToken)
    {
        var row = await Find(db, id, context.GetCustomerId(), cancellationToken);
        return row is null ? TypedResults.NotFound() : TypedResults.Ok(new Order(row.Id, row.Status, row.Reason, row.Total, row.Lines));
    }

    private static async Task<Ok<Page<OrderSummary>>> ListAsync(
        ShopContext db, HttpContext context, CancellationToken cancellationToken, Guid? after = null, int limit = 20)
    {
        var rows = await List(db, context.GetCustomerId(), after ?? Guid.AllBitsSet, limit + 1).ToListAsync(cancellationToken);
        return TypedResults.Ok(Page<OrderSummary>.Of(rows, limit, row => row.Id));
    }

    private static async Task<IResult> PlaceAsync(
        PlaceOrderRequest request, ShopContext db, HttpContext context, OutboxSignal signal, CancellationToken cancellationToken)
    {
        var key = context.Request.Headers["Idempotency-Key"].ToString();
        if (request is not { Email.Length: > 0 and < 255, PaymentMethod.Length: > 0 and < 51, Lines.Count: > 0 and < 101 }
            || request.Lines.Exists(line => line.Quantity is < 1 or > 1000)
            || key.Length is 0 or > 100)
        {
            return TypedResults.BadRequest();
        }

        var ids = request.Lines.Select(line => line.ProductId).ToArray();
        var prices = await FindPrices(db, ids).ToDictionaryAsync(cancellationToken: cancellationToken);
        if (prices.Count < ids.Length)
        {
            return TypedResults.BadRequest();
        }

        var now = DateTimeOffset.UtcNow;
        var lines = request.Lines.Select(line => new OrderLine(line.ProductId, line.Quantity, prices[line.ProductId])).ToList();
        var order = new OrderRow
        {
            Id = Guid.CreateVersion7(now),
            CustomerId = context.GetCustomerId(),
            Email = request.Email,
            PaymentMethod = request.PaymentMethod,
            Total = lines.Sum(line => line.Quantity * line.UnitPrice),
            Status = "Pending",
            Lines = lines,
        };
        var response = new IdempotencyKeyRow
        {
            CustomerId = order.CustomerId,
            Key = key,
            Fingerprint = SHA256.HashData(JsonSerializer.SerializeToUtf8Bytes(request, Json.Default.PlaceOrderRequest)),
            StatusCode = StatusCodes.Status202Accepted,
            Location = $"/v1/orders/{order.Id}",
            ContentType = "application/json",
            Body = JsonSerializer.SerializeToUtf8Bytes(new PlaceOrderResponse(order.Id, order.Status), Json.Default.PlaceOrderResponse),
            CreatedAt = now,
        };
        db.AddRange(order, response, new OutboxRow
        {
            Id = Guid.CreateVersion7(now),
            Type = Relay.MessageType,
            Body = JsonSerializer.Serialize(new OrderPlaced(order.Id), Json.Default.OrderPlaced),
            CreatedAt = now,
            DueAt = now,
        });
        try
        {
            await db.SaveChangesAsync(cancellationToken);
        }
        catch (DbUpdateException exception) when (
            exception.InnerException is PostgresException { SqlState: PostgresErrorCodes.UniqueViolation, TableName: "idempotency_records" })
        {
            db.ChangeTracker.Clear();
            var earlier = await db.IdempotencyKeys.AsNoTracking()
                .SingleAsync(row => row.CustomerId == response.CustomerId && row.Key == key, cancellationToken);
            return earlier.Fingerprint.AsSpan().SequenceEqual(response.Fingerprint) ? Accepted(context, earlier) : TypedResults.UnprocessableEntity();
        }

        signal.Set();
        return Accepted(context, response);
    }

    private static FileContentHttpResult Accepted(HttpContext context, IdempotencyKeyRow response)
    {
        context.Response.StatusCode = response.StatusCode;
        context.Response.Headers.Location = response.Location;
        return TypedResults.Bytes(response.Body, response.ContentType);
    }
}
