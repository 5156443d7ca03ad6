using System.Buffers.Text;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace ScalableTemplates.Tests.EndToEnd;

/// <summary>An OpenID Connect provider: serves its metadata and signing key, and issues tokens.</summary>
internal sealed class IdentityProviderStandIn : IDisposable
{
    private readonly string issuer;
    private readonly RSA key = RSA.Create(2048);
    private readonly HttpListener listener = new();

    public IdentityProviderStandIn(int port)
    {
        issuer = $"http://127.0.0.1:{port}";
        listener.Prefixes.Add($"{issuer}/");
    }

    public Uri Address => new(issuer);

    public void Start()
    {
        listener.Start();
        _ = ServeAsync();
    }

    public void Stop() => listener.Stop();

    public string CreateToken(string subject = "ada")
    {
        var header = Encode(new { alg = "RS256", typ = "JWT", kid = "key" });
        var payload = Encode(new { iss = issuer, aud = "api", sub = subject, scope = "orders", exp = DateTimeOffset.UtcNow.AddHours(1).ToUnixTimeSeconds() });
        var signature = key.SignData(Encoding.ASCII.GetBytes($"{header}.{payload}"), HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        return $"{header}.{payload}.{Base64Url.EncodeToString(signature)}";
    }

    public void Dispose()
    {
        ((IDisposable)listener).Dispose();
        key.Dispose();
    }

    private static string Encode(object part) => Base64Url.EncodeToString(JsonSerializer.SerializeToUtf8Bytes(part));

    private async Task ServeAsync()
    {
        var parameters = key.ExportParameters(includePrivateParameters: false);
        object[] keys = [new { kty = "RSA", use = "sig", kid = "key", n = Base64Url.EncodeToString(parameters.Modulus), e = Base64Url.EncodeToString(parameters.Exponent) }];
        try
        {
            while (true)
            {
                var context = await listener.GetContextAsync();
                object document = context.Request.Url!.AbsolutePath == "/keys" ? new { keys } : new { issuer, jwks_uri = $"{issuer}/keys" };
                context.Response.ContentType = "application/json";
                context.Response.Close(JsonSerializer.SerializeToUtf8Bytes(document), willBlock: true);
            }
        }
        catch (Exception exception) when (exception is HttpListenerException or ObjectDisposedException or InvalidOperationException)
        {
            // The listener was stopped.
        }
    }
}
