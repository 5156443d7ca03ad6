using System.Globalization;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using ScalableTemplates.Tests.EndToEnd;
using Xunit.Abstractions;

namespace ScalableTemplates.Tests.Hardening;

/// <summary>Sends generated requests to all operations of a backend and checks responses, logs and memory.</summary>
internal sealed class FuzzRun(Backend backend, ITestOutputHelper output)
{
    private const int AtATime = 8;
    private const long Slack = 64 * 1024 * 1024;

    // Constant, so that a failure in CI can be reproduced. FUZZ_SEED=random explores further.
    private static readonly int Seed = Environment.GetEnvironmentVariable("FUZZ_SEED") switch
    {
        null or "" => 20260101,
        "random" => Random.Shared.Next(),
        var seed => int.Parse(seed, CultureInfo.InvariantCulture),
    };

    public async Task RunAsync(int requests)
    {
        using var handler = new SocketsHttpHandler { RequestHeaderEncodingSelector = (_, _) => Encoding.UTF8, MaxResponseDrainSize = 0 };
        using var client = new HttpClient(handler) { Timeout = TimeSpan.FromSeconds(30) };
        var api = new ApiDescription(await client.GetFromJsonAsync<JsonElement>(new Uri(backend.Address, "openapi/v1.json")));
        var contract = new ResponseContract(api);
        var report = new FuzzReport(contract);
        var generator = await CreateGeneratorAsync(api);

        await SendAsync(client, generator, report, 0, requests / 5);
        var before = backend.Api.WorkingSet;
        await SendAsync(client, generator, report, requests / 5, requests);
        var after = backend.Api.WorkingSet;

        output.WriteLine($"FUZZ_SEED={Seed}, {requests} requests. {report}");
        output.WriteLine($"Working set: {before >> 20} MiB after a fifth of them, {after >> 20} MiB after all");
        output.WriteLine(contract.ToString());
        Infrastructure.Findings.AssertNone(report.Findings.Select(finding => $"FUZZ_SEED={Seed} {finding}"));
        Assert.Equal(api.Operations.Where(operation => operation.Method != HttpMethod.Delete), contract.Successful.Where(operation => operation.Method != HttpMethod.Delete));
        Assert.InRange(after, 0, (before * 3 / 2) + Slack);
        Assert.Equal("Healthy", await client.GetStringAsync(new Uri(backend.Address, "health")));
        await backend.WaitForStatusAsync(await backend.PlaceOrderAsync("card"), "Confirmed");
        // Every accepted order must be processed, however unusual its values.
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Token.Create());
        await backend.WaitUntilAsync(async () => !await AnyOrderAsync(client, status => status is "Pending" or "Paid"));
    }

    private async Task<bool> AnyOrderAsync(HttpClient client, Predicate<string> isMeant)
    {
        for (var after = "ffffffff-ffff-ffff-ffff-ffffffffffff"; after is not null;)
        {
            var page = await client.GetFromJsonAsync<JsonElement>(new Uri(backend.Address, $"v1/orders?limit=100&after={after}"));
            if (page.GetProperty("items").EnumerateArray().Any(order => isMeant(order.GetProperty("status").GetString()!)))
            {
                return true;
            }

            after = page.GetProperty("next").GetString();
        }

        return false;
    }

    private async Task<RequestGenerator> CreateGeneratorAsync(ApiDescription api)
    {
        var product = await backend.GetProductIdAsync();
        var known = new Dictionary<string, string>
        {
            ["productId"] = $"\"{product}\"",
            ["email"] = "\"ada@example.com\"",
        };
        return new RequestGenerator(api, new BodyGenerator(api, known), Seed, [product, await backend.PlaceOrderAsync("card")]);
    }

    private Task SendAsync(HttpClient client, RequestGenerator generator, FuzzReport report, int from, int to) => Parallel.ForAsync(
        from, to, new ParallelOptions { MaxDegreeOfParallelism = AtATime }, async (number, _) => await SendAsync(client, generator.Create(number), report));

    private async Task SendAsync(HttpClient client, FuzzRequest request, FuzzReport report)
    {
        try
        {
            using var message = request.ToMessage(backend.Address);
            using var response = await client.SendAsync(message);
            await report.CheckAsync(request, response);
        }
        catch (HttpRequestException) when (request.IsOversized)
        {
            // Kestrel responds with 413 and closes the connection; a client that is still sending may not receive the response.
            report.Count("closed");
        }
        catch (Exception exception) when (exception is HttpRequestException or OperationCanceledException)
        {
            report.Add(request, exception.ToString());
        }
    }
}
