using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using Npgsql;
using ScalableTemplates.Tests.EndToEnd;
using ScalableTemplates.Tests.Faults;
using Xunit.Abstractions;

namespace ScalableTemplates.Tests.Redundancy;

/// <summary>The connection to PostgreSQL is lost after a commit and before its response, so that nobody knows whether it was committed.</summary>
[Collection("Faults")]
public sealed class LostResponseTests(ITestOutputHelper output)
{
    private static readonly TimeSpan Duration = TimeSpan.FromSeconds(5);

    [SkippableFact]
    public async Task Commits_whose_responses_are_lost_duplicate_nothing()
    {
        LostResponseProxy? proxy = null;
        try
        {
            await FaultScenario.RunAsync(
                output,
                "Responses to commits lost, one of four",
                run =>
                {
                    proxy = new LostResponseProxy(run.Postgres.Port) { Every = 4 };
                    run.ConnectionStrings["database"] = new NpgsqlConnectionStringBuilder(run.ConnectionStrings["database"]) { Port = proxy.Port }.ConnectionString;
                    return Task.CompletedTask;
                },
                async run =>
                {
                    proxy!.Statement = "COMMIT";
                    await Task.Delay(Duration);
                    while (proxy.Lost < 50)
                    {
                        await run.AcceptOrdersAsync();
                    }

                    proxy.Statement = null;
                    output.WriteLine($"{proxy.Lost} responses lost");
                    await ChangePriceAsync(run, proxy);
                });
        }
        finally
        {
            await (proxy?.DisposeAsync() ?? ValueTask.CompletedTask);
        }
    }

    // The retry finds the version that the first attempt has written. The cache must not keep the old price.
    private static async Task ChangePriceAsync(FaultRun run, LostResponseProxy proxy)
    {
        var product = new Uri(run.Backend.Address, $"v1/products/{await run.Backend.GetProductIdAsync()}");
        using var client = new HttpClient();
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Token.Create());
        using var before = await client.GetAsync(product);
        var lost = proxy.Lost;
        proxy.LoseNext("UPDATE products");

        var status = HttpStatusCode.ServiceUnavailable;
        // A busy API refuses requests before they reach the database.
        for (var clock = Stopwatch.StartNew(); status == HttpStatusCode.ServiceUnavailable && proxy.Lost == lost && clock.Elapsed < Daemon.WaitTimeout;)
        {
            using var change = new HttpRequestMessage(HttpMethod.Put, $"{product}/price") { Content = JsonContent.Create(new { Price = 4711 }) };
            change.Headers.IfMatch.Add(before.Headers.ETag!);
            using var response = await client.SendAsync(change);
            status = response.StatusCode;
        }

        proxy.Statement = null;
        Assert.Equal(HttpStatusCode.PreconditionFailed, status);
        Assert.Equal(lost + 1, proxy.Lost);
        Assert.Equal(4711m, (await client.GetFromJsonAsync<PricedProduct>(product))!.Price);
    }

    private sealed record PricedProduct(decimal Price);
}
