using System.ComponentModel;
using System.ComponentModel.DataAnnotations;

namespace ScalableBackend.Api.Catalog;

/// <param name="Version">Another one after each change; also the ETag.</param>
// So the cache gives the same one to all, rather than make a copy for each.
[ImmutableObject(true)]
public sealed record ProductResponse(Guid Id, string Name, decimal Price, uint Version);

public sealed record CreateProductRequest([Required, StringLength(200)] string Name, [Range(0.01, 1_000_000), DecimalPlaces(2)] decimal Price);

public sealed record CreateProductResponse(Guid Id);

public sealed record ChangePriceRequest([Range(0.01, 1_000_000), DecimalPlaces(2)] decimal Price);
