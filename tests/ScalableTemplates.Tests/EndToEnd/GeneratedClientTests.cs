using System.Net.Http.Headers;
using ScalableTemplates.Tests.Infrastructure;

namespace ScalableTemplates.Tests.EndToEnd;

/// <summary>Callers can generate a client from the OpenAPI document that the build writes.</summary>
[Collection("End to end")]
public sealed class GeneratedClientTests(ServersFixture servers)
{
    private const string Program = """
        using System;
        using System.Linq;
        using System.Net.Http;
        using System.Threading.Tasks;

        namespace Client;

        public static class Program
        {
            public static async Task<string> RunAsync(HttpClient http)
            {
                var client = new ApiClient(http.BaseAddress!.ToString(), http);
                var products = await RetryAsync(() => client.ListProductsAsync(after: null, limit: 1));
                var request = new PlaceOrderRequest
                {
                    Email = "ada@example.com",
                    PaymentMethod = "card",
                    Lines = [new PlaceOrderLine { ProductId = products.Items.First().Id, Quantity = 2 }],
                };
                var key = Guid.NewGuid().ToString();
                var placed = await RetryAsync(() => client.PlaceOrderAsync(key, request));
                var order = await RetryAsync(() => client.GetOrderAsync(placed.Id));

                try
                {
                    await RetryAsync(() => client.GetOrderAsync(Guid.Empty));
                    return "The order of nobody was found.";
                }
                catch (ApiException<ProblemDetails> problem) when (problem.Result.Status == 404)
                {
                    return $"{order.Status} with {order.Lines.Single().Quantity}";
                }
            }

            // On a busy machine, the API may shed a request.
            private static async Task<T> RetryAsync<T>(Func<Task<T>> call)
            {
                while (true)
                {
                    try
                    {
                        return await call();
                    }
                    catch (ApiException<ProblemDetails> problem) when (problem.StatusCode == 503)
                    {
                        await Task.Delay(TimeSpan.FromSeconds(int.Parse(problem.Headers["Retry-After"].Single())));
                    }
                }
            }
        }
        """;

    [SkippableFact]
    public async Task A_generated_client_places_an_order_and_reads_it()
    {
        Skip.If(ServersFixture.Missing is not null, ServersFixture.Missing);
        var solution = await BuiltSolution.GetAsync(TemplateOptions.Services.With(Dimension.Orchestrator, "none"));
        await using var backend = new Backend(solution, await servers.GetConnectionStringsAsync());
        await backend.MigrateAsync();
        await backend.StartApiAsync();
        using var http = new HttpClient { BaseAddress = backend.Address };
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Token.Create());

        // No worker runs, so the order stays pending.
        Assert.Equal("Pending with 2", await GeneratedClient.RunAsync<string>(Path.Combine(solution, "docs", "openapi.json"), Program, http).WaitAsync(Daemon.WaitTimeout));
    }
}
