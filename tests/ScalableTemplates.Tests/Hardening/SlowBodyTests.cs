using System.Net;
using ScalableTemplates.Tests.Degradation;
using ScalableTemplates.Tests.EndToEnd;
using ScalableTemplates.Tests.Infrastructure;

namespace ScalableTemplates.Tests.Hardening;

/// <summary>A slow or oversized request body does not block other clients.</summary>
[Collection("Hardening")]
public sealed class SlowBodyTests(ServersFixture servers)
{
    private const int MaxBytes = 1024 * 1024;

    [SkippableTheory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Slow_request_bodies_get_408_and_do_not_block_other_clients(bool isChunked)
    {
        await using var backend = await StartAsync();
        using var client = new ShopClient(backend.Address);
        var product = await backend.GetProductIdAsync();
        // The first request may be slow on a busy machine.
        await client.PlaceAsync(Guid.NewGuid().ToString(), product);
        var slow = await Task.WhenAll(Enumerable.Range(0, 24).Select(_ => RawOrderRequest.StartAsync(backend.Address, isChunked ? null : 100_000)));
        var sending = slow.Select(request => request.SendSlowlyAsync(300, isChunked)).ToList();
        var receiving = Task.WhenAll(slow.Select(request => request.ReceiveAsync()));

        var placed = new List<HttpStatusCode?>();
        while (!receiving.IsCompleted)
        {
            placed.Add((await client.PlaceAsync(Guid.NewGuid().ToString(), product)).Status);
        }

        Assert.NotEmpty(placed);
        Assert.All(placed, status => Assert.Equal(HttpStatusCode.Accepted, status));
        Assert.All(await receiving, response =>
        {
            Assert.StartsWith("HTTP/1.1 408", response, StringComparison.Ordinal);
            Assert.Contains("application/problem+json", response, StringComparison.Ordinal);
            Assert.Contains("\"status\":408", response, StringComparison.Ordinal);
        });
        await Task.WhenAll(sending);
        Array.ForEach(slow, request => request.Dispose());
    }

    [SkippableTheory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_client_that_sends_an_oversized_body_receives_413(bool isChunked)
    {
        await using var backend = await StartAsync();
        for (var i = 0; i < 20; i++)
        {
            using var request = await RawOrderRequest.StartAsync(backend.Address, isChunked ? null : 2 * MaxBytes);
            var body = new string(' ', 2 * MaxBytes);
            await request.SendAsync(isChunked ? $"{body.Length:x}\r\n{body}\r\n0\r\n\r\n" : body);

            var response = await request.ReceiveAsync();

            Assert.StartsWith("HTTP/1.1 413", response, StringComparison.Ordinal);
            Assert.Contains("\"status\":413", response, StringComparison.Ordinal);
        }

        Assert.DoesNotContain("fail:", backend.Api.Log, StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task Incomplete_large_bodies_do_not_block_other_clients()
    {
        await using var backend = await StartAsync();
        using var client = new ShopClient(backend.Address);
        var product = await backend.GetProductIdAsync();
        await client.PlaceAsync(Guid.NewGuid().ToString(), product);
        var stalled = await Task.WhenAll(Enumerable.Range(0, 80).Select(_ => RawOrderRequest.StartAsync(backend.Address, MaxBytes)));
        var almost = new string(' ', MaxBytes - 1);
        await Task.WhenAll(stalled.Select(request => request.SendAsync(almost)));

        Assert.Equal(HttpStatusCode.Accepted, (await client.PlaceAsync(Guid.NewGuid().ToString(), product)).Status);

        Array.ForEach(stalled, request => request.Dispose());
        await Task.Delay(TimeSpan.FromSeconds(2));
        Assert.DoesNotContain("fail:", backend.Api.Log, StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task Without_a_temporary_folder_large_bodies_get_503_and_small_ones_are_accepted()
    {
        // No process can create a file in this folder, not even as root.
        await using var backend = await StartAsync(temporary: "/proc");
        using var client = new ShopClient(backend.Address);
        var product = await backend.GetProductIdAsync();
        for (var i = 0; i < 3; i++)
        {
            using var request = await RawOrderRequest.StartAsync(backend.Address, MaxBytes);
            await request.SendAsync(new string(' ', MaxBytes));

            var response = await request.ReceiveAsync();

            Assert.StartsWith("HTTP/1.1 503", response, StringComparison.Ordinal);
            Assert.Contains("\"status\":503", response, StringComparison.Ordinal);
        }

        Assert.Equal(HttpStatusCode.Accepted, (await client.PlaceAsync(Guid.NewGuid().ToString(), product)).Status);
        // One log entry for all failures.
        Assert.Equal(2, backend.Api.Log.Split("fail:").Length);
        Assert.Contains("Could not write to the folder for temporary files", backend.Api.Log, StringComparison.Ordinal);
    }

    private async Task<Backend> StartAsync(string? temporary = null)
    {
        Skip.If(ServersFixture.Missing is not null, ServersFixture.Missing);
        var solution = await BuiltSolution.GetAsync(TemplateOptions.Services.With(Dimension.Orchestrator, "none"));
        var backend = new Backend(solution, await servers.GetConnectionStringsAsync());
        await backend.MigrateAsync();
        if (temporary is not null)
        {
            backend.Set("ASPNETCORE_TEMP", temporary);
        }

        await backend.StartApiAsync();
        return backend;
    }
}
