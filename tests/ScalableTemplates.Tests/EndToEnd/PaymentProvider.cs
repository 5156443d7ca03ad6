using System.Collections.Concurrent;
using System.Net;
using System.Text.Json;

namespace ScalableTemplates.Tests.EndToEnd;

/// <summary>
/// A payment provider over HTTP that records charges and can fail or hold its first requests. Like real providers, it charges once per
/// idempotency key.
/// </summary>
internal sealed class PaymentProvider : IAsyncDisposable
{
    private readonly HttpListener listener;
    private readonly ConcurrentDictionary<string, Guid> chargesByKey = [];
    private readonly TaskCompletionSource firstRequest = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource released = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Task serving;
    private int failuresLeft;
    private int repeats;
    private int requests;

    /// <param name="failures">The number of requests that get 503 before it recovers.</param>
    /// <param name="isHeld">Whether requests are held until <see cref="Release"/> is called.</param>
    public PaymentProvider(int failures = 0, bool isHeld = false)
    {
        failuresLeft = failures;
        if (!isHeld)
        {
            released.SetResult();
        }

        listener = FreePort.Listen(Listen);
        Address = new Uri(listener.Prefixes.Single());
        serving = ServeAsync();
    }

    public Uri Address { get; }

    /// <summary>Completes when the first request arrives.</summary>
    public Task FirstRequest => firstRequest.Task;

    /// <summary>The order of each charge. An order that was charged twice occurs twice.</summary>
    public IEnumerable<Guid> Charges => chargesByKey.Values;

    /// <summary>The number of requests that repeated the key of an earlier charge, and so charged nothing.</summary>
    public int Repeats => repeats;

    /// <summary>The number of all requests, including refused and repeated ones.</summary>
    public int Requests => requests;

    /// <summary>The body with which it refuses charges; null if it accepts them.</summary>
    public string? Refusal { get; set; }

    /// <summary>Completes held requests and stops holding new ones.</summary>
    public void Release() => released.SetResult();

    public async ValueTask DisposeAsync()
    {
        listener.Close();
        await serving;
    }

    private static HttpListener Listen(int port)
    {
        var listener = new HttpListener();
        listener.Prefixes.Add($"http://127.0.0.1:{port}/");
        listener.Start();
        return listener;
    }

    private async Task ServeAsync()
    {
        try
        {
            while (true)
            {
                _ = AnswerAsync(await listener.GetContextAsync());
            }
        }
        catch (Exception exception) when (exception is HttpListenerException or ObjectDisposedException)
        {
            // The listener was closed.
        }
    }

    private async Task AnswerAsync(HttpListenerContext context)
    {
        try
        {
            Interlocked.Increment(ref requests);
            if (Refusal is { } refusal)
            {
                context.Response.StatusCode = (int)HttpStatusCode.PaymentRequired;
                context.Response.ContentType = refusal.StartsWith('{') ? "application/problem+json" : "text/html";
                await using var writer = new StreamWriter(context.Response.OutputStream);
                await writer.WriteAsync(refusal);
            }
            else if (Interlocked.Decrement(ref failuresLeft) >= 0)
            {
                context.Response.StatusCode = (int)HttpStatusCode.ServiceUnavailable;
            }
            else
            {
                var charge = await JsonSerializer.DeserializeAsync<JsonElement>(context.Request.InputStream);
                firstRequest.TrySetResult();
                await released.Task;
                if (!chargesByKey.TryAdd(context.Request.Headers["Idempotency-Key"]!, charge.GetProperty("orderId").GetGuid()))
                {
                    Interlocked.Increment(ref repeats);
                }
            }

            context.Response.Close();
        }
        catch (Exception exception) when (exception is HttpListenerException or IOException or ObjectDisposedException or JsonException)
        {
            // The caller was killed.
        }
    }
}
