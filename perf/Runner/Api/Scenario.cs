using Npgsql;
using ScalableTemplates.Tests.Infrastructure;

namespace Runner.Api;

/// <summary>A kind of request and the files that list its paths and bodies.</summary>
/// <param name="Bodies">The file of POST bodies; null for GET.</param>
internal sealed record Scenario(string Name, string Paths, string? Bodies = null)
{
    public string[] GetArguments(string token) =>
        Bodies is null ? [token, Paths] : [token, Paths, Guid.NewGuid().ToString("N"), Bodies];

    /// <param name="customer">The customer whose orders are read.</param>
    public static async Task<IReadOnlyList<Scenario>> CreateAllAsync(NpgsqlDataSource database, string customer, CancellationToken cancellationToken)
    {
        var folder = TempFolder.Create("requests");
        var products = await QueryAsync("SELECT id FROM products ORDER BY md5(id::text)");
        // Skips the oldest orders, so that every page is full.
        var orders = await QueryAsync(
            $"SELECT id FROM (SELECT id FROM orders WHERE customer_id = '{customer}' ORDER BY id OFFSET 100) AS newer ORDER BY md5(id::text)");
        return
        [
            new("cached read: GET /v1/products/{id}", Write("products", products.Select(id => $"/v1/products/{id}"))),
            new("by key: GET /v1/orders/{id}", Write("orders", orders.Select(id => $"/v1/orders/{id}"))),
            new("page of 20: GET /v1/orders?after=", Write("pages", orders.Select(id => $"/v1/orders?after={id}&limit=20"))),
            new(
                "placement: POST /v1/orders",
                Write("placement", ["/v1/orders"]),
                Write("bodies", products.Zip(products.Skip(1), (first, second) =>
                    $$"""{"email":"ada@example.com","paymentMethod":"card","lines":[{"productId":"{{first}}","quantity":2},{"productId":"{{second}}","quantity":1}]}"""))),
        ];

        async Task<List<Guid>> QueryAsync(string sql)
        {
            await using var command = database.CreateCommand(sql);
            await using var reader = await command.ExecuteReaderAsync(cancellationToken);
            var ids = new List<Guid>();
            while (await reader.ReadAsync(cancellationToken))
            {
                ids.Add(reader.GetGuid(0));
            }

            return ids;
        }

        string Write(string name, IEnumerable<string> lines)
        {
            var file = Path.Combine(folder, name);
            File.WriteAllLines(file, lines);
            return file;
        }
    }
}
