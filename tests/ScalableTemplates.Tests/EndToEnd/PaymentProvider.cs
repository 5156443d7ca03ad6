using System.Collections.Concurrent;
using System.Net;

namespace ScalableTemplates.Tests.EndToEnd;

/// <summary>A payment provider over HTTP that is out of order at first and remembers whom it has charged.</summary>
internal sealed class PaymentProvider : IAsyncDisposable
{
    private readonly HttpListener listener = new();
    private readonly Task serving;
    private int failuresLeft;

    /// <param name="failures">How many requests it answers with 503 before it works.</param>
    public PaymentProvider(int failures)
    {
        failuresLeft = failures;
        Address = new Uri($"http://127.0.0.1:{FreePort.Next()}/");
        listener.Prefixes.Add(Address.ToString());
        listener.Start();
        serving = ServeAsync();
    }

    public Uri Address { get; }

    /// <summary>The idempotency keys of all charges, one entry for each request that was charged.</summary>
    public ConcurrentQueue<string> Charges { get; } = [];

    public async ValueTask DisposeAsync()
    {
        listener.Close();
        await serving;
    }

    private async Task ServeAsync()
    {
        try
        {
            while (true)
            {
                var context = await listener.GetContextAsync();
                if (failuresLeft-- > 0)
                {
                    context.Response.StatusCode = (int)HttpStatusCode.ServiceUnavailable;
                }
                else
                {
                    Charges.Enqueue(context.Request.Headers["Idempotency-Key"]!);
                }

                context.Response.Close();
            }
        }
        catch (Exception exception) when (exception is HttpListenerException or ObjectDisposedException)
        {
            // The listener was closed.
        }
    }
}
