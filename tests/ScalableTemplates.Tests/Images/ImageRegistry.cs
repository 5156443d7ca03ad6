using System.Collections.Concurrent;
using System.Net;
using ScalableTemplates.Tests.EndToEnd;

namespace ScalableTemplates.Tests.Images;

/// <summary>A container registry in memory, with a stand-in for the image of ASP.NET Core.</summary>
internal sealed class ImageRegistry : IAsyncDisposable
{
    private const string BaseRepository = "dotnet/aspnet";

    private readonly ConcurrentDictionary<string, byte[]> blobs = [];
    private readonly ConcurrentDictionary<string, (string Type, byte[] Body)> manifests = [];
    private readonly ConcurrentDictionary<string, MemoryStream> uploads = [];
    private readonly HttpListener listener;
    private readonly Task serving;

    public ImageRegistry()
    {
        BaseImage.AddTo(blobs, (reference, type, body) => AddManifest(BaseRepository, reference, type, body));
        (listener, Host) = FreePort.Listen(port =>
        {
            var listening = new HttpListener { Prefixes = { $"http://localhost:{port}/" } };
            listening.Start();
            return (listening, $"localhost:{port}");
        });
        serving = ServeAsync();
    }

    /// <summary>The name and port of the registry.</summary>
    public string Host { get; }

    /// <summary>The name of the stand-in.</summary>
    public string AspNetImage => $"{Host}/{BaseRepository}:10.0";

    /// <summary>The images of a repository that was pushed, by platform; one without platforms has the key of its own.</summary>
    public IReadOnlyDictionary<string, Image> GetImages(string repository, string tag) =>
        Image.Read(GetManifest(repository, tag), reference => GetManifest(repository, reference), digest => blobs[digest]);

    public async ValueTask DisposeAsync()
    {
        listener.Close();
        await serving;
    }

    private byte[] GetManifest(string repository, string reference) => manifests[$"{repository}/manifests/{reference}"].Body;

    private void AddManifest(string repository, string reference, string type, byte[] body)
    {
        foreach (var name in new[] { reference, BaseImage.Digest(body) })
        {
            manifests[$"{repository}/manifests/{name}"] = (type, body);
        }
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
        var path = context.Request.Url!.AbsolutePath["/v2/".Length..];
        using var body = new MemoryStream();
        await context.Request.InputStream.CopyToAsync(body);
        context.Response.StatusCode = context.Request.HttpMethod switch
        {
            "GET" or "HEAD" => Find(path, context.Response),
            "POST" => StartUpload(path, context.Response),
            "PATCH" => ContinueUpload(path, body.ToArray(), context.Response),
            "PUT" when path.Contains("/manifests/", StringComparison.Ordinal) => PutManifest(path, context.Request.ContentType!, body.ToArray()),
            _ => EndUpload(path, context.Request.QueryString["digest"]!, body.ToArray()),
        };
        var content = context.Request.HttpMethod == "GET" && context.Response.StatusCode == 200 ? Content(path) : [];
        context.Response.Close(content, willBlock: false);
    }

    private int Find(string path, HttpListenerResponse response)
    {
        response.ContentType = manifests.TryGetValue(path, out var manifest) ? manifest.Type : "application/octet-stream";
        return path.Length == 0 || manifest.Body is not null || blobs.ContainsKey(NameOf(path)) ? 200 : 404;
    }

    private byte[] Content(string path) =>
        path.Length == 0 ? "{}"u8.ToArray() : manifests.TryGetValue(path, out var manifest) ? manifest.Body : blobs[NameOf(path)];

    private int StartUpload(string path, HttpListenerResponse response)
    {
        var location = $"{path.TrimEnd('/')}/{Guid.NewGuid():N}";
        uploads[location] = new MemoryStream();
        response.Headers["Location"] = $"http://{Host}/v2/{location}";
        return 202;
    }

    private int ContinueUpload(string path, byte[] body, HttpListenerResponse response)
    {
        uploads[path].Write(body);
        response.Headers["Location"] = $"http://{Host}/v2/{path}";
        return 202;
    }

    private int EndUpload(string path, string digest, byte[] body)
    {
        uploads.Remove(path, out var upload);
        upload!.Write(body);
        blobs[digest] = upload.ToArray();
        return BaseImage.Digest(blobs[digest]) == digest ? 201 : 400;
    }

    private int PutManifest(string path, string type, byte[] body)
    {
        AddManifest(path[..path.IndexOf("/manifests/", StringComparison.Ordinal)], NameOf(path), type, body);
        return 201;
    }

    private static string NameOf(string path) => path[(path.LastIndexOf('/') + 1)..];
}
