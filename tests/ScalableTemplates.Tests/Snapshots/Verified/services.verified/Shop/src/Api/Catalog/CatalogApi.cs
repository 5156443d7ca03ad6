using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Caching.Hybrid;
using Shop.Api.Idempotency;
using Shop.Api.LoadShedding;
using Shop.Shared.Caching;
using Shop.Shared.Catalog;
using Shop.Shared.Data;

namespace Shop.Api.Catalog;

internal static class CatalogApi
{
    private const string GetProduct = nameof(GetProduct);

    public static void MapCatalog(this IEndpointRouteBuilder routes)
    {
        var products = routes.MapGroup("/products").WithTags("Catalog");
        products.MapGet("/", ListAsync).WithName("ListProducts").WithSummary("List products, oldest first");
        var product = products.MapGet("/{id:guid}", GetAsync).WithEntityTag().WithName(GetProduct).WithSummary("Get a product").WithExample("id", CatalogSeed.FirstProductId);
        product.WithMetadata(new ServedFromCache());

        var changes = products.MapGroup("");
        changes.RequireScope("catalog:write");
        changes.MapPost("/", CreateAsync).RequireIdempotencyKey().WithName("CreateProduct").WithSummary("Create a product")
            .WithExample(new CreateProductRequest("Teapot", 24.90m));
        changes.MapPut("/{id:guid}/price", ChangePriceAsync).WithIfMatch().WithName("ChangeProductPrice").WithSummary("Change the price of a product")
            .WithExample("id", CatalogSeed.FirstProductId)
            .WithExample(new ChangePriceRequest(41.50m));
        changes.MapDelete("/{id:guid}", DeleteAsync).WithIfMatch().WithName("DeleteProduct").WithSummary("Delete a product");
    }

    private static async Task<Ok<Page<ProductResponse>>> ListAsync(
        AppDbContext db, CancellationToken cancellationToken,
        [Description("The value of next from the previous page.")] Guid? after = null, [Description("The maximum number of items."), Range(1, 100)] int limit = 20)
    {
        var rows = await db.Products
            .Where(product => after == null || product.Id > after)
            .OrderBy(product => product.Id)
            .Take(limit + 1)
            .Select(product => new ProductResponse(product.Id, product.Name, product.Price, product.Version))
            .ToListAsync(cancellationToken);
        return TypedResults.Ok(Page<ProductResponse>.Of(rows, limit, row => row.Id));
    }

    private static async Task<Results<Ok<ProductResponse>, NotFound>> GetAsync(
        Guid id, IServiceScopeFactory scopes, HybridCache cache, HttpResponse response, CancellationToken cancellationToken)
    {
        if (await cache.GetOrCreateAsync(CacheKey(id), token => ReadAsync(scopes, id, token), cancellationToken: cancellationToken) is not { } product)
        {
            return TypedResults.NotFound();
        }

        response.Headers.ETag = EntityTag.Format(product.Version);
        return TypedResults.Ok(product);
    }

    // Uses a separate scope, because concurrent requests share this read, and it may outlive the request that started it.
    private static async ValueTask<ProductResponse?> ReadAsync(IServiceScopeFactory scopes, Guid id, CancellationToken cancellationToken)
    {
        await using var scope = scopes.CreateAsyncScope();
        return await scope.ServiceProvider.GetRequiredService<AppDbContext>().Products.Where(product => product.Id == id)
            .Select(product => new ProductResponse(product.Id, product.Name, product.Price, product.Version)).SingleOrDefaultAsync(cancellationToken);
    }

    // Saves nothing: RequireIdempotencyKey saves the changes together with the response.
    private static Created<CreateProductResponse> CreateAsync(
        CreateProductRequest request, AppDbContext db, TimeProvider clock, LinkGenerator links, HttpContext context)
    {
        var product = new Product { Id = Guid.CreateVersion7(clock.GetUtcNow()), Name = request.Name, Price = request.Price };
        db.Add(product);
        return TypedResults.Created(links.GetPathByName(context, GetProduct, new { id = product.Id }), new CreateProductResponse(product.Id));
    }

    private static async Task<Results<NoContent, NotFound, ProblemHttpResult>> ChangePriceAsync(
        Guid id, ChangePriceRequest request, [FromHeader(Name = "If-Match")] string? ifMatch, AppDbContext db, CacheInvalidation cache, CancellationToken cancellationToken)
    {
        if (ifMatch is null)
        {
            return EntityTag.PreconditionRequired();
        }

        var changed = await FindVersion(db, id, ifMatch).ExecuteUpdateAsync(
            update => update.SetProperty(product => product.Price, request.Price), cancellationToken);
        return await RespondAsync(changed, id, db, cache, cancellationToken);
    }

    private static async Task<Results<NoContent, NotFound, ProblemHttpResult>> DeleteAsync(
        Guid id, [FromHeader(Name = "If-Match")] string? ifMatch, AppDbContext db, CacheInvalidation cache, CancellationToken cancellationToken) =>
        ifMatch is null
            ? EntityTag.PreconditionRequired()
            : await RespondAsync(await FindVersion(db, id, ifMatch).ExecuteDeleteAsync(cancellationToken), id, db, cache, cancellationToken);

    // The update or delete itself compares the version, so that it cannot overwrite a concurrent change.
    private static IQueryable<Product> FindVersion(AppDbContext db, Guid id, string ifMatch)
    {
        var version = EntityTag.Parse(ifMatch);
        return db.Products.Where(product => product.Id == id && (ifMatch == EntityTag.Any || product.Version == version));
    }

    private static async Task<Results<NoContent, NotFound, ProblemHttpResult>> RespondAsync(
        int changed, Guid id, AppDbContext db, CacheInvalidation cache, CancellationToken cancellationToken)
    {
        // Even if nothing changed: after a lost connection, this may be the retry of a change that was committed.
        await cache.InvalidateAsync(CacheKey(id));
        if (changed == 0)
        {
            return await db.Products.AnyAsync(product => product.Id == id, cancellationToken) ? EntityTag.PreconditionFailed() : TypedResults.NotFound();
        }

        return TypedResults.NoContent();
    }

    private static string CacheKey(Guid id) => $"product:{id}";
}
