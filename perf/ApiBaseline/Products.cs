using System.Collections.Concurrent;
using System.Globalization;
using Npgsql;

namespace ApiBaseline;

internal sealed class Products(NpgsqlDataSource database)
{
    private const int CachedMilliseconds = 5000;

    private readonly ConcurrentDictionary<Guid, (Product Product, long Until)> cache = new();

    public async Task GetAsync(HttpContext context, string subject)
    {
        if (!Guid.TryParse((string?)context.Request.RouteValues["id"], out var id)
            || await FindAsync(id, context.RequestAborted) is not { } product)
        {
            context.Response.StatusCode = StatusCodes.Status404NotFound;
            return;
        }

        await context.Response.WriteAsJsonAsync(product, Json.Default.Product, cancellationToken: context.RequestAborted);
    }

    public async Task ListAsync(HttpContext context, string subject)
    {
        _ = Guid.TryParse(context.Request.Query["after"], out var after);
        var limit = int.TryParse(context.Request.Query["limit"], CultureInfo.InvariantCulture, out var value) ? value : 20;
        await using var command = database.CreateCommand("SELECT id, name, price FROM products WHERE id > $1 ORDER BY id LIMIT $2");
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = after });
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = limit + 1 });
        await using var reader = await command.ExecuteReaderAsync(context.RequestAborted);
        var rows = new List<Product>(limit + 1);
        while (await reader.ReadAsync(context.RequestAborted))
        {
            rows.Add(new Product(reader.GetGuid(0), reader.GetString(1), reader.GetDecimal(2)));
        }

        await context.Response.WriteAsJsonAsync(
            Page<Product>.Of(rows, limit, row => row.Id), Json.Default.PageProduct, cancellationToken: context.RequestAborted);
    }

    private async ValueTask<Product?> FindAsync(Guid id, CancellationToken cancellationToken)
    {
        if (cache.TryGetValue(id, out var entry) && Environment.TickCount64 < entry.Until)
        {
            return entry.Product;
        }

        await using var command = database.CreateCommand("SELECT name, price FROM products WHERE id = $1");
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = id });
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        if (!await reader.ReadAsync(cancellationToken))
        {
            return null;
        }

        var product = new Product(id, reader.GetString(0), reader.GetDecimal(1));
        cache[id] = (product, Environment.TickCount64 + CachedMilliseconds);
        return product;
    }
}
