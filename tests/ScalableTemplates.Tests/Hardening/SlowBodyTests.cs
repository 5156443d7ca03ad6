using System.Net;
using ScalableTemplates.Tests.Degradation;
using ScalableTemplates.Tests.EndToEnd;
using ScalableTemplates.Tests.Infrastructure;

namespace ScalableTemplates.Tests.Hardening;

/// <summary>A request body that arrives slowly, or is too large, holds up nobody else.</summary>
[Collection("Hardening")]
public sealed class SlowBodyTests(ServersFixture servers)
{
    private const int MaxBytes = 1024 * 1024;

    [SkippableTheory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Clients_that_send_slowly_get_a_408_and_hold_up_no_others(bool isChunked)
    {
        await using var backend = await StartAsync();
        using var customer = new Customer(backend.Address);
        var product = await backend.GetProductIdAsync();
        // The first one may take long on a busy machine.
        await customer.PlaceAsync(Guid.NewGuid().ToString(), product);
        var slow = await Task.WhenAll(Enumerable.Range(0, 24).Select(_ => RawRequest.StartAsync(backend.Address, isChunked ? null : 100_000)));
        var sending = slow.Select(request => request.SendSlowlyAsync(300, isChunked)).ToList();
        var receiving = Task.WhenAll(slow.Select(request => request.ReceiveAsync()));

        var placed = new List<HttpStatusCode?>();
        while (!receiving.IsCompleted)
        {
            placed.Add((await customer.PlaceAsync(Guid.NewGuid().ToString(), product)).Status);
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
    public async Task A_client_that_sends_all_of_an_oversized_body_reads_its_413(bool isChunked)
    {
        await using var backend = await StartAsync();
        for (var i = 0; i < 20; i++)
        {
            using var request = await RawRequest.StartAsync(backend.Address, isChunked ? null : 2 * MaxBytes);
            var body = new string(' ', 2 * MaxBytes);
            await request.SendAsync(isChunked ? $"{body.Length:x}\r\n{body}\r\n0\r\n\r\n" : body);

            var response = await request.ReceiveAsync();

            Assert.StartsWith("HTTP/1.1 413", response, StringComparison.Ordinal);
            Assert.Contains("\"status\":413", response, StringComparison.Ordinal);
        }

        Assert.DoesNotContain("fail:", backend.Api.Log, StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task Clients_that_stop_before_the_end_of_a_large_body_hold_up_no_others()
    {
        await using var backend = await StartAsync();
        using var customer = new Customer(backend.Address);
        var product = await backend.GetProductIdAsync();
        await customer.PlaceAsync(Guid.NewGuid().ToString(), product);
        var stalled = await Task.WhenAll(Enumerable.Range(0, 80).Select(_ => RawRequest.StartAsync(backend.Address, MaxBytes)));
        var almost = new string(' ', MaxBytes - 1);
        await Task.WhenAll(stalled.Select(request => request.SendAsync(almost)));

        Assert.Equal(HttpStatusCode.Accepted, (await customer.PlaceAsync(Guid.NewGuid().ToString(), product)).Status);

        Array.ForEach(stalled, request => request.Dispose());
        await Task.Delay(TimeSpan.FromSeconds(2));
        Assert.DoesNotContain("fail:", backend.Api.Log, StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task Without_a_folder_for_temporary_files_large_bodies_get_a_503_and_small_ones_are_accepted()
    {
        // No process can create a file there, whoever runs it.
        await using var backend = await StartAsync(temporary: "/proc");
        using var customer = new Customer(backend.Address);
        var product = await backend.GetProductIdAsync();
        for (var i = 0; i < 3; i++)
        {
            using var request = await RawRequest.StartAsync(backend.Address, MaxBytes);
            await request.SendAsync(new string(' ', MaxBytes));

            var response = await request.ReceiveAsync();

            Assert.StartsWith("HTTP/1.1 503", response, StringComparison.Ordinal);
            Assert.Contains("\"status\":503", response, StringComparison.Ordinal);
        }

        Assert.Equal(HttpStatusCode.Accepted, (await customer.PlaceAsync(Guid.NewGuid().ToString(), product)).Status);
        // Once for all of them.
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
