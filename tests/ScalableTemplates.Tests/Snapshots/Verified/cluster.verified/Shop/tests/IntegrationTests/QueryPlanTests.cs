using System.Collections.Concurrent;
using System.Data.Common;
using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Npgsql;
using Shop.Shared.Data;
using Xunit;

namespace Shop.IntegrationTests;

public sealed class QueryPlanTests(Backend backend)
{
    [Fact]
    public async Task Page_queries_use_an_index()
    {
        var plans = await ExplainPagesAsync();

        Assert.NotEmpty(plans);
        Assert.All(plans, plan => Assert.Contains("Index", plan, StringComparison.Ordinal));
        Assert.All(plans, plan => Assert.DoesNotContain("Seq Scan", plan, StringComparison.Ordinal));
        Assert.All(plans, plan => Assert.DoesNotContain("Sort", plan, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_query_with_an_upper_bound_does_not_scan_later_partitions()
    {
        var nextMonth = $"orders_{DateTimeOffset.UtcNow.AddMonths(1):yyyyMM}";

        var plans = await ExplainPagesAsync();

        // The query of the first page has no bound and scans partitions from the newest on until the page is full.
        Assert.Contains(plans, plan => plan.Contains(nextMonth, StringComparison.Ordinal));
        Assert.Contains(plans, plan => plan.Contains("orders", StringComparison.Ordinal) && !plan.Contains(nextMonth, StringComparison.Ordinal));
    }

    private async Task<List<string>> ExplainPagesAsync()
    {
        using var client = backend.CreateClient();
        await client.PlaceOrderAsync("card");
        await client.PlaceOrderAsync("card");
        foreach (var path in new[] { "products", "orders" })
        {
            var page = await client.GetFromJsonAsync<JsonElement>($"/v1/{path}?limit=1", TestContext.Current.CancellationToken);
            await client.GetStringAsync($"/v1/{path}?limit=1&after={page.GetProperty("next").GetString()}", TestContext.Current.CancellationToken);
            await client.GetStringAsync($"/v1/{path}/{page.GetProperty("items")[0].GetProperty("id").GetString()}", TestContext.Current.CancellationToken);
        }

        await using var scope = backend.Services.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<AppDbContext>();
        await db.Database.OpenConnectionAsync(TestContext.Current.CancellationToken);
        // The tables are so small that the planner would prefer sequential scans; it still uses them if there is no suitable index.
        await db.Database.ExecuteSqlRawAsync("SET enable_seqscan = off; SET enable_sort = off", TestContext.Current.CancellationToken);
        var plans = new List<string>();
        foreach (var (query, parameters) in PageQueryRecorder.Queries)
        {
            await using var explain = (NpgsqlCommand)db.Database.GetDbConnection().CreateCommand();
            explain.CommandText = $"EXPLAIN {query}";
            foreach (var parameter in parameters)
            {
                explain.Parameters.Add(parameter.Clone());
            }

            await using var reader = await explain.ExecuteReaderAsync(TestContext.Current.CancellationToken);
            var plan = "";
            while (await reader.ReadAsync(TestContext.Current.CancellationToken))
            {
                plan += reader.GetString(0) + "\n";
            }

            plans.Add(plan);
        }

        return plans;
    }
}

/// <summary>Records the queries that the API executes for pages.</summary>
internal sealed class PageQueryRecorder : DbCommandInterceptor
{
    public static ConcurrentDictionary<string, NpgsqlParameter[]> Queries { get; } = [];

    public override ValueTask<DbDataReader> ReaderExecutedAsync(
        DbCommand command, CommandExecutedEventData eventData, DbDataReader result, CancellationToken cancellationToken = default)
    {
        if (command.CommandText.Contains("LIMIT", StringComparison.Ordinal)
            && (command.CommandText.Contains("FROM orders", StringComparison.Ordinal) || command.CommandText.Contains("FROM products", StringComparison.Ordinal)))
        {
            Queries[command.CommandText] = [.. command.Parameters.Cast<NpgsqlParameter>().Select(parameter => parameter.Clone())];
        }

        return new(result);
    }
}
