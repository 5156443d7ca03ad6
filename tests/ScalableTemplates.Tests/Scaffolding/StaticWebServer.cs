using System.Net;
using System.Text;
using ScalableTemplates.Tests.EndToEnd;

namespace ScalableTemplates.Tests.Scaffolding;

/// <summary>Serves fixed documents over HTTP, and 404 for all others.</summary>
internal sealed class StaticWebServer : IAsyncDisposable
{
    private readonly Dictionary<string, (string Type, byte[] Body)> documents = [];
    private readonly HttpListener listener;
    private readonly Task serving;

    public StaticWebServer()
    {
        (listener, Port) = Listen();
        serving = ServeAsync();
    }

    public int Port { get; }

    public string Address => $"http://localhost:{Port}";

    public void Add(string path, string type, byte[] body) => documents[path] = (type, body);

    public void Add(string path, string type, string body) => Add(path, type, Encoding.UTF8.GetBytes(body));

    public async ValueTask DisposeAsync()
    {
        listener.Close();
        await serving;
    }

    private static (HttpListener Listener, int Port) Listen()
    {
        while (true)
        {
            var port = FreePort.Next();
            var listener = new HttpListener { Prefixes = { $"http://localhost:{port}/" } };
            try
            {
                listener.Start();
                return (listener, port);
            }
            catch (HttpListenerException)
            {
                // Another process took the port.
                listener.Close();
            }
        }
    }

    private async Task ServeAsync()
    {
        try
        {
            while (true)
            {
                var context = await listener.GetContextAsync();
                if (documents.TryGetValue(context.Request.Url!.AbsolutePath, out var document))
                {
                    context.Response.ContentType = document.Type;
                    context.Response.ContentLength64 = document.Body.Length;
                    context.Response.Close(context.Request.HttpMethod == "HEAD" ? [] : document.Body, willBlock: true);
                }
                else
                {
                    context.Response.StatusCode = (int)HttpStatusCode.NotFound;
                    context.Response.Close();
                }
            }
        }
        catch (Exception exception) when (exception is HttpListenerException or ObjectDisposedException)
        {
            // The listener was closed.
        }
    }
}
