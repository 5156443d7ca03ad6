using System.ComponentModel.DataAnnotations;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Caching.Hybrid;
#if (HasLimits)
using ScalableBackend.Api.Limits;
#endif
using ScalableBackend.Core.Caching;
using ScalableBackend.Core.Catalog;
using ScalableBackend.Core.Data;

namespace ScalableBackend.Api.Catalog;

// Immutable, as the cache hands the same instance to all requests.
public sealed record ProductResponse(Guid Id, string Name, decimal Price);

public sealed record ChangePrice([Range(0.01, 1_000_000)] decimal Price);

internal static class CatalogApi
{
    public static void MapCatalog(this IEndpointRouteBuilder routes)
    {
        var products = routes.MapGroup("/products").WithTags("Catalog");
        products.MapGet("/", ListAsync).WithSummary("Products by age, page by page");
        var product = products.MapGet("/{id:guid}", GetAsync).WithSummary("One product, from the cache").WithExample("id", CatalogSeed.FirstProductId);
#if (HasLimits)
        product.WithMetadata(new ServedFromCache());
#endif
#if (HasReplica)
        // The standby may not have the change yet that emptied the cache.
        product.ReadFromPrimary();
#endif
        var price = products.MapPut("/{id:guid}/price", ChangePriceAsync).WithSummary("Change the price of a product")
            .WithExample("id", CatalogSeed.FirstProductId)
            .WithExample(new ChangePrice(41.50m));
#if (HasJwt)
        price.RequireScope("catalog:write");
#endif
    }

    private static async Task<Ok<Page<ProductResponse>>> ListAsync(
        AppDbContext db, CancellationToken cancellationToken, Guid? after = null, [Range(1, 100)] int limit = 20)
    {
        var rows = await db.Products
            .Where(product => after == null || product.Id > after)
            .OrderBy(product => product.Id)
            .Take(limit + 1)
            .Select(product => new ProductResponse(product.Id, product.Name, product.Price))
            .ToListAsync(cancellationToken);
        return TypedResults.Ok(Page<ProductResponse>.Of(rows, limit, row => row.Id));
    }

    private static async Task<Results<Ok<ProductResponse>, NotFound>> GetAsync(
        Guid id, IServiceScopeFactory scopes, HybridCache cache, CancellationToken cancellationToken) =>
        await cache.GetOrCreateAsync(CacheKey(id), token => ReadAsync(scopes, id, token), cancellationToken: cancellationToken) is { } product
            ? TypedResults.Ok(product) : TypedResults.NotFound();

    // With a context of its own: the read may outlast the request that has begun it, and the context of that request.
    private static async ValueTask<ProductResponse?> ReadAsync(IServiceScopeFactory scopes, Guid id, CancellationToken cancellationToken)
    {
        await using var scope = scopes.CreateAsyncScope();
        return await scope.ServiceProvider.GetRequiredService<AppDbContext>().Products.Where(product => product.Id == id)
            .Select(product => new ProductResponse(product.Id, product.Name, product.Price)).SingleOrDefaultAsync(cancellationToken);
    }

    private static async Task<Results<NoContent, NotFound>> ChangePriceAsync(
        Guid id, ChangePrice request, AppDbContext db, CacheInvalidation cache, CancellationToken cancellationToken)
    {
        var changed = await db.Products
            .Where(product => product.Id == id)
            .ExecuteUpdateAsync(update => update.SetProperty(product => product.Price, request.Price), cancellationToken);
        if (changed == 0)
        {
            return TypedResults.NotFound();
        }

        await cache.InvalidateAsync(CacheKey(id));
        return TypedResults.NoContent();
    }

    private static string CacheKey(Guid id) => $"product:{id}";
}
