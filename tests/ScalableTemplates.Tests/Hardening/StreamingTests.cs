using System.Net;
using ScalableTemplates.Tests.Degradation;
using ScalableTemplates.Tests.EndToEnd;
using ScalableTemplates.Tests.Infrastructure;

namespace ScalableTemplates.Tests.Hardening;

/// <summary>Opting out of request timeouts, buffered bodies and concurrency limits for a user-defined streaming endpoint.</summary>
[Collection("Hardening")]
public sealed class StreamingTests(ServersFixture servers)
{
    private const string Endpoint = """
        namespace Shop.Api;

        internal static class EchoApi
        {
            public static void MapEcho(this WebApplication app) => app.MapPost("/echo", async (HttpContext context) =>
            {
                context.Response.ContentLength = context.Request.ContentLength;
                await context.Response.StartAsync(context.RequestAborted);
                var buffer = new byte[1];
                while (await context.Request.Body.ReadAsync(buffer, context.RequestAborted) > 0)
                {
                    await context.Response.Body.WriteAsync(buffer, context.RequestAborted);
                    await context.Response.Body.FlushAsync(context.RequestAborted);
                }
            }).AllowStreaming();
        }
        """;

    // Sent every 100 ms, at 1,000 bytes per second: exceeds the request timeout, and is above the minimum data rate of Kestrel.
    private const int Parts = 160;
    private const int PartLength = 100;

    [SkippableFact]
    public async Task A_streaming_endpoint_responds_while_the_body_arrives_and_does_not_block_others()
    {
        Skip.If(ServersFixture.Missing is not null, ServersFixture.Missing);
        await using var backend = new Backend(await BuildAsync(), await servers.GetConnectionStringsAsync());
        backend.Set("LoadShedding__MaxConcurrentWrites", "1");
        await backend.MigrateAsync();
        await backend.StartApiAsync();
        using var client = new ShopClient(backend.Address);
        var product = await backend.GetProductIdAsync();
        using var stream = await RawOrderRequest.StartAsync(backend.Address, length: 2 + (Parts * PartLength), path: "/echo");

        await stream.SendAsync("a");
        Assert.StartsWith("HTTP/1.1 200", await stream.ReceiveUntilAsync("a"), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.Accepted, (await client.PlaceAsync(Guid.NewGuid().ToString(), product)).Status);
        for (var part = 0; part < Parts; part++)
        {
            await stream.SendAsync(new string('b', PartLength));
            await Task.Delay(TimeSpan.FromMilliseconds(100));
        }

        await stream.SendAsync("c");

        Assert.Equal(1 + (Parts * PartLength), (await stream.ReceiveUntilAsync("c")).Length);
    }

    private static async Task<string> BuildAsync()
    {
        var solution = await Scaffold.CreateAsync(TemplateOptions.Services.With(Dimension.Orchestrator, "none"));
        var api = Path.Combine(solution, "src", "Api");
        await File.WriteAllTextAsync(Path.Combine(api, "EchoApi.cs"), Endpoint);
        var program = Path.Combine(api, "Program.cs");
        var code = await File.ReadAllTextAsync(program);
        Assert.Contains("v1.MapOrders();", code, StringComparison.Ordinal);
        await File.WriteAllTextAsync(program, code.Replace("v1.MapOrders();", "v1.MapOrders();\napp.MapEcho();", StringComparison.Ordinal));
        (await Command.DotnetAsync(solution, "build", "-warnaserror", "-p:RunAnalyzers=false")).EnsureSuccess();
        return solution;
    }
}
