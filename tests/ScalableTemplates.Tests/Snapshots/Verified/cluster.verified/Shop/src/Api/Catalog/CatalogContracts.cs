using System.ComponentModel;
using System.ComponentModel.DataAnnotations;

namespace Shop.Api.Catalog;

/// <param name="Version">Changes with every update. The ETag contains it.</param>
// Lets HybridCache return the cached instance instead of a copy for each caller.
[ImmutableObject(true)]
public sealed record ProductResponse(Guid Id, string Name, decimal Price, uint Version);

public sealed record CreateProductRequest([property: Required, StringLength(200, MinimumLength = 1)] string Name, [property: Range(0.01, 1_000_000), DecimalPlaces(2)] decimal Price);

public sealed record CreateProductResponse(Guid Id);

public sealed record ChangePriceRequest([property: Range(0.01, 1_000_000), DecimalPlaces(2)] decimal Price);
