using System.Diagnostics;
using System.Net.Http.Json;
using System.Text.Json;
using Npgsql;
using Runner.Contenders;
using Runner.Servers;
using ScalableTemplates.Tests.EndToEnd;
using ScalableTemplates.Tests.Infrastructure;

namespace Runner.Benchmarks;

/// <summary>Latency of the sample's keyset pages over HTTP with a small and a very large orders table.</summary>
internal sealed class Pages(ServerSet servers, RunOptions options, Report report)
{
    private const int OrdersOfACustomer = 100;

    private static readonly HttpClient Client = new();

    private readonly string folder = Path.Combine(TempFolder.Create("sample"), "Shop");

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        Report.Progress("preparing the sample");
        await Template.GenerateAsync(folder, "Shop");
        (await Command.DotnetAsync(folder, "build", "--configuration", "Release", "-nodeReuse:false")).EnsureSuccess();

        var connectionStrings = await servers.GetConnectionStringsAsync("pages");
        var environment = connectionStrings.ToDictionary(pair => $"ConnectionStrings__{pair.Key}", pair => pair.Value);
        await using var database = NpgsqlDataSource.Create(connectionStrings["database"]);
        // In Development the Migrator also seeds the catalog.
        (await Command.RunAsync(
            "dotnet",
            [Template.Assembly(folder, "Migrator")],
            folder,
            TimeSpan.FromMinutes(2),
            new Dictionary<string, string>(environment) { ["DOTNET_ENVIRONMENT"] = "Development" })).EnsureSuccess();
        Client.BaseAddress = new Uri($"http://127.0.0.1:{FreePort.Next()}/");
        environment["ASPNETCORE_URLS"] = Client.BaseAddress.ToString();
        environment["RateLimiting__Plans__standard__RequestsPerMinute"] = "60000000";
        environment["RateLimiting__Plans__standard__Burst"] = "1000000";
        environment["LoadShedding__MaxSharePerClient"] = "1";
        environment["Health__Port"] = "0";
        await using var api = Daemon.Start(
            "dotnet", [Template.Assembly(folder, "Api")], folder, Path.Combine(TempFolder.Create("log"), "api"), environment);
        await api.WaitUntilAsync(IsHealthyAsync);

        await PlaceOrderAsync(cancellationToken);
        await BulkRows.CopyAsync(database, "products", "id", options.Scale(10_000), "", cancellationToken);
        var few = options.Scale(10_000);
        var many = options.Scale(10_000_000);
        var before = await MeasureAsync(database, few, cancellationToken);
        var after = await MeasureAsync(database, many - few, cancellationToken);
        report.Write(
            "Pages of the sample",
            $"Sequential HTTP requests, in milliseconds (p50/p99); one order in {OrdersOfACustomer} belongs to the customer.",
            ["", $"{Report.Number(few)} orders", $"{Report.Number(many)} orders", "p50 ratio"],
            before.Keys.Select(page => new[] { page, Show(before[page]), Show(after[page]), Report.Decimal(after[page].P50 / before[page].P50) }));

        static string Show((double P50, double P99) times) => $"{Report.Decimal(times.P50)}/{Report.Decimal(times.P99)}";
    }

    private async Task<Dictionary<string, (double P50, double P99)>> MeasureAsync(
        NpgsqlDataSource database, int orders, CancellationToken cancellationToken)
    {
        await BulkRows.CopyAsync(
            database,
            "orders",
            "id",
            orders,
            $", 'customer_id', CASE i % {OrdersOfACustomer} WHEN 0 THEN (row).customer_id ELSE 'customer-' || i % {OrdersOfACustomer} END",
            cancellationToken);
        var ids = new List<Guid>();
        await using (var command = database.CreateCommand(
            "SELECT id FROM orders WHERE customer_id = (SELECT customer_id FROM orders LIMIT 1) ORDER BY random() LIMIT 1000"))
        await using (var reader = await command.ExecuteReaderAsync(cancellationToken))
        {
            while (await reader.ReadAsync(cancellationToken))
            {
                ids.Add(reader.GetGuid(0));
            }
        }

        var pages = new Dictionary<string, Func<int, string>>
        {
            ["newest orders of a customer"] = _ => "v1/orders",
            ["later page of orders"] = i => $"v1/orders?after={ids[i % ids.Count]}",
            ["one order"] = i => $"v1/orders/{ids[i % ids.Count]}",
            ["first products"] = _ => "v1/products",
        };
        var times = pages.Keys.ToDictionary(page => page, _ => new List<double>());
        // Interleaved, so that fluctuations of the machine affect all pages alike.
        for (var i = 0; i < options.Scale(6_000); i++)
        {
            foreach (var (page, address) in pages)
            {
                var started = Stopwatch.GetTimestamp();
                await Client.GetByteArrayAsync(address(i), cancellationToken);
                times[page].Add(Stopwatch.GetElapsedTime(started).TotalMilliseconds);
            }
        }

        // Discards the first sixth as warm-up.
        return times.ToDictionary(pair => pair.Key, pair =>
        {
            var sorted = pair.Value.Skip(pair.Value.Count / 6).Order().ToArray();
            return (sorted[sorted.Length / 2], sorted[sorted.Length * 99 / 100]);
        });
    }

    private static async Task PlaceOrderAsync(CancellationToken cancellationToken)
    {
        var products = await Client.GetFromJsonAsync<JsonElement>("v1/products?limit=1", cancellationToken);
        using var request = new HttpRequestMessage(HttpMethod.Post, "v1/orders");
        request.Headers.Add("Idempotency-Key", "first");
        request.Content = JsonContent.Create(new
        {
            Email = "ada@example.com",
            PaymentMethod = "card",
            Lines = new[] { new { ProductId = products.GetProperty("items")[0].GetProperty("id").GetGuid(), Quantity = 2 } },
        });
        using var response = await Client.SendAsync(request, cancellationToken);
        response.EnsureSuccessStatusCode();
    }

    private static async Task<bool> IsHealthyAsync()
    {
        try
        {
            using var response = await Client.GetAsync("health");
            return response.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }
}
