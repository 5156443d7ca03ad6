using ApiBaseline;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Caching.Memory;

namespace ApiEfCore;

internal static class ProductsApi
{
    private static readonly TimeSpan CachedFor = TimeSpan.FromSeconds(5);

    private static readonly Func<ShopContext, Guid, Task<Product?>> Find = EF.CompileAsyncQuery((ShopContext db, Guid id) =>
        db.Products.Where(row => row.Id == id).Select(row => new Product(row.Id, row.Name, row.Price)).SingleOrDefault());

    public static void MapProducts(this IEndpointRouteBuilder routes) => routes.MapGet("/products/{id:guid}", GetAsync);

    private static async Task<Results<Ok<Product>, NotFound>> GetAsync(Guid id, IMemoryCache cache, IServiceScopeFactory scopes)
    {
        var product = await cache.GetOrCreateAsync(id, async entry =>
        {
            entry.AbsoluteExpirationRelativeToNow = CachedFor;
            await using var scope = scopes.CreateAsyncScope();
            return await Find(scope.ServiceProvider.GetRequiredService<ShopContext>(), id);
        });
        return product is null ? TypedResults.NotFound() : TypedResults.Ok(product);
    }
}
