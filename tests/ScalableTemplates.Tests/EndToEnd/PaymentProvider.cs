using System.Collections.Concurrent;
using System.Net;
using System.Text.Json;

namespace ScalableTemplates.Tests.EndToEnd;

/// <summary>
/// A payment provider over HTTP that may be out of order at first, or take its time, and remembers whom it has charged. As real ones
/// do, it charges once for an idempotency key, however often that comes.
/// </summary>
internal sealed class PaymentProvider : IAsyncDisposable
{
    private readonly HttpListener listener;
    private readonly ConcurrentDictionary<string, Guid> chargesByKey = [];
    private readonly TaskCompletionSource asked = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource released = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Task serving;
    private int failuresLeft;
    private int repeats;
    private int requests;

    /// <param name="failures">How many requests it answers with 503 before it works.</param>
    /// <param name="isHeld">Whether it charges and answers nobody until it is released.</param>
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

    /// <summary>Done when it has the first request.</summary>
    public Task Asked => asked.Task;

    /// <summary>The order of each charge: an order that is charged twice is in it twice.</summary>
    public IEnumerable<Guid> Charges => chargesByKey.Values;

    /// <summary>Requests with the key of an earlier charge; they cost the customer nothing.</summary>
    public int Repeats => repeats;

    /// <summary>All requests, also those that were refused or repeated.</summary>
    public int Requests => requests;

    /// <summary>The body with which it refuses to charge; null if it charges.</summary>
    public string? Refusal { get; set; }

    /// <summary>Charges and answers, those who wait first.</summary>
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
                asked.TrySetResult();
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
            // The caller was killed meanwhile.
        }
    }
}
