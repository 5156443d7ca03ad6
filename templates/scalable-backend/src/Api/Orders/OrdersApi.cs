using System.ComponentModel.DataAnnotations;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Microsoft.EntityFrameworkCore;
using ScalableBackend.Core.Data;
using ScalableBackend.Core.Orders;

namespace ScalableBackend.Api.Orders;

internal static class OrdersApi
{
    public static void AddOrders(this IServiceCollection services) => services.AddScoped<OrderPlacement>();

    public static void MapOrders(this IEndpointRouteBuilder routes)
    {
        var orders = routes.MapGroup("/orders").WithTags("Orders");
#if (HasJwt)
        orders.RequireScope("orders");
#endif
        orders.MapPost("/", PlaceAsync).WithSummary("Place an order; its status is at the Location");
        orders.MapGet("/", ListAsync).WithSummary("The caller's orders, newest first, page by page");
        orders.MapGet("/{id:guid}", GetAsync).WithSummary("One order and how far it is");
    }

    private static async Task<Results<Accepted<PlacedOrder>, ProblemHttpResult>> PlaceAsync(
        PlaceOrder request,
        [FromHeader(Name = "Idempotency-Key"), Required, StringLength(100)] string? idempotencyKey,
        OrderPlacement placement,
        HttpContext context,
        CancellationToken cancellationToken)
    {
        var result = await placement.PlaceAsync(request, GetCustomerId(context), idempotencyKey!, cancellationToken);
        return result switch
        {
            { Error: { } error } => TypedResults.Problem(error, statusCode: result.StatusCode),
            _ => TypedResults.Accepted($"/v1/orders/{result.OrderId}", new PlacedOrder(result.OrderId, OrderStatus.Pending)),
        };
    }

    private static async Task<Ok<Page<OrderSummary>>> ListAsync(
        AppDbContext db, HttpContext context, CancellationToken cancellationToken, Guid? after = null, [Range(1, 100)] int limit = 20)
    {
        var customerId = GetCustomerId(context);
        var rows = await db.Orders
            .Where(order => order.CustomerId == customerId && (after == null || order.Id < after))
            .OrderByDescending(order => order.Id)
            .Take(limit + 1)
            .Select(order => new OrderSummary(order.Id, order.Status, order.Total))
            .ToListAsync(cancellationToken);
        return TypedResults.Ok(Page<OrderSummary>.Of(rows, limit, row => row.Id));
    }

    // Someone else's order is not found, so that ids tell nothing.
    private static async Task<Results<Ok<OrderResponse>, NotFound>> GetAsync(
        Guid id, AppDbContext db, HttpContext context, CancellationToken cancellationToken)
    {
        var customerId = GetCustomerId(context);
        var order = await db.Orders.AsNoTracking()
            .SingleOrDefaultAsync(order => order.Id == id && order.CustomerId == customerId, cancellationToken);
        return order is null ? TypedResults.NotFound() : TypedResults.Ok(OrderResponse.From(order));
    }

#if (HasJwt)
    private static string GetCustomerId(HttpContext context) =>
        context.User.FindFirst("sub")?.Value ?? throw new BadHttpRequestException("The token has no subject.", StatusCodes.Status401Unauthorized);
#else
    // All callers are one customer, until something tells them apart.
    private static string GetCustomerId(HttpContext _) => "anonymous";
#endif
}
