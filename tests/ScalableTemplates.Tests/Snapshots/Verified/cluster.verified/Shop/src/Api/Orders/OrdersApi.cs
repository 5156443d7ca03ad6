using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Shop.Api.Idempotency;
using Shop.Shared.Catalog;
using Shop.Shared.Data;
using Shop.Shared.Messaging;
using Shop.Shared.Orders;

namespace Shop.Api.Orders;

internal static partial class OrdersApi
{
    private const string GetOrder = nameof(GetOrder);

    private static readonly Func<AppDbContext, Guid, string, CancellationToken, Task<Order?>> FindOrder = EF.CompileAsyncQuery(
        (AppDbContext db, Guid id, string customerId, CancellationToken _) => db.Orders.AsNoTracking()
            .SingleOrDefault(order => order.Id == id && order.CustomerId == customerId));

    private static readonly Func<AppDbContext, string, Guid?, int, IAsyncEnumerable<OrderSummary>> ListOrders = EF.CompileAsyncQuery(
        (AppDbContext db, string customerId, Guid? after, int count) => db.Orders
            .Where(order => order.CustomerId == customerId && (after == null || order.Id < after))
            .OrderByDescending(order => order.Id)
            .Take(count)
            .Select(order => new OrderSummary(order.Id, order.Status, order.Total)));

    private static readonly Func<AppDbContext, Guid[], IAsyncEnumerable<KeyValuePair<Guid, decimal>>> FindPrices = EF.CompileAsyncQuery(
        (AppDbContext db, Guid[] products) => db.Products
            .Where(product => products.Contains(product.Id))
            .Select(product => new KeyValuePair<Guid, decimal>(product.Id, product.Price)));

    public static void MapOrders(this IEndpointRouteBuilder routes)
    {
        var orders = routes.MapGroup("/orders").WithTags("Orders");
        orders.RequireScope("orders");
        orders.MapPost("/", PlaceAsync).RequireIdempotencyKey().WithName("PlaceOrder").WithSummary("Place an order")
            .WithDescription("The order is processed asynchronously. Poll the URL in the Location header for its status.")
            .WithExample(new PlaceOrderRequest("ada@example.com", "card", [new(CatalogSeed.FirstProductId, Quantity: 2)]));
        orders.MapGet("/", ListAsync).WithName("ListOrders").WithSummary("List the caller's orders, newest first");
        orders.MapGet("/{id:guid}", GetAsync).WithName(GetOrder).WithSummary("Get an order and its status");
    }

    // Saves nothing: RequireIdempotencyKey saves the changes together with the response.
    private static async Task<Results<Accepted<PlaceOrderResponse>, ValidationProblem>> PlaceAsync(
        PlaceOrderRequest request,
        AppDbContext db,
        MessagePublisher publisher,
        TimeProvider clock,
        ILogger<PlaceOrderRequest> logger,
        LinkGenerator links,
        HttpContext context,
        CancellationToken cancellationToken)
    {
        var ids = request.Lines.Select(line => line.ProductId).Distinct().ToArray();
        var prices = await FindPrices(db, ids).ToDictionaryAsync(cancellationToken: cancellationToken);
        if (ids.Length < request.Lines.Count || prices.Count < ids.Length)
        {
            return TypedResults.ValidationProblem([new("lines", ["Each line must reference a distinct, existing product."])]);
        }

        var lines = request.Lines.Select(line => new OrderLine(line.ProductId, line.Quantity, prices[line.ProductId])).ToList();
        var order = new Order
        {
            Id = Guid.CreateVersion7(clock.GetUtcNow()),
            CustomerId = context.User.GetCustomerId(),
            Email = request.Email,
            PaymentMethod = request.PaymentMethod,
            Total = lines.Sum(line => line.Quantity * line.UnitPrice),
            Lines = lines,
        };
        db.Add(order);
        publisher.Publish(new OrderPlaced(order.Id));
        LogPlacing(logger, order.Id, order.Total);
        return TypedResults.Accepted(links.GetPathByName(context, GetOrder, new { id = order.Id }), new PlaceOrderResponse(order.Id, order.Status));
    }

    private static async Task<Ok<Page<OrderSummary>>> ListAsync(
        AppDbContext db, HttpContext context, CancellationToken cancellationToken,
        [Description("The value of next from the previous page.")] Guid? after = null, [Description("The maximum number of items."), Range(1, 100)] int limit = 20)
    {
        var rows = await ListOrders(db, context.User.GetCustomerId(), after, limit + 1).ToListAsync(cancellationToken);
        return TypedResults.Ok(Page<OrderSummary>.Of(rows, limit, row => row.Id));
    }

    // Responds 404 to another customer's order, so that responses do not reveal which orders exist.
    private static async Task<Results<Ok<OrderResponse>, NotFound>> GetAsync(
        Guid id, AppDbContext db, HttpContext context, CancellationToken cancellationToken)
    {
        var order = await FindOrder(db, id, context.User.GetCustomerId(), cancellationToken);
        return order is null ? TypedResults.NotFound() : TypedResults.Ok(OrderResponse.From(order));
    }

    [LoggerMessage(LogLevel.Debug, "Placing order {OrderId} for {Total}")]
    private static partial void LogPlacing(ILogger logger, Guid orderId, decimal total);
}
