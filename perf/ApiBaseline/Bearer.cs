using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace ApiBaseline;

/// <summary>Validates HS256 tokens: signature, issuer, audience and expiry.</summary>
internal sealed class Bearer(IConfiguration configuration)
{
    private const string Section = "Authentication:Schemes:Bearer:";
    private const string Prefix = "Bearer ";

    private readonly byte[] key = Convert.FromBase64String(configuration[Section + "SigningKeys:0:Value"]!);
    private readonly string issuer = configuration[Section + "ValidIssuer"]!;
    private readonly string audience = configuration[Section + "ValidAudiences:0"]!;

    /// <param name="endpoint">Handles an authenticated request; receives the subject of its token.</param>
    public RequestDelegate Require(Func<HttpContext, string, Task> endpoint) => context =>
    {
        if (GetSubject(context.Request.Headers.Authorization.ToString()) is { } subject)
        {
            return endpoint(context, subject);
        }

        context.Response.StatusCode = StatusCodes.Status401Unauthorized;
        return Task.CompletedTask;
    };

    public string? GetSubject(string authorization)
    {
        var parts = authorization.StartsWith(Prefix, StringComparison.Ordinal) ? authorization[Prefix.Length..].Split('.') : [];
        if (parts.Length != 3)
        {
            return null;
        }

        var signature = HMACSHA256.HashData(key, Encoding.ASCII.GetBytes($"{parts[0]}.{parts[1]}"));
        if (!CryptographicOperations.FixedTimeEquals(signature, Base64Url.DecodeFromChars(parts[2])))
        {
            return null;
        }

        var header = JsonSerializer.Deserialize(Base64Url.DecodeFromChars(parts[0]), Json.Default.TokenHeader);
        var token = JsonSerializer.Deserialize(Base64Url.DecodeFromChars(parts[1]), Json.Default.TokenPayload);
        return header?.Alg == "HS256" && token?.Iss == issuer && token.Aud == audience && token.Exp > DateTimeOffset.UtcNow.ToUnixTimeSeconds()
            ? token.Sub
            : null;
    }
}

internal sealed record TokenHeader(string Alg);

internal sealed record TokenPayload(string Iss, string Aud, string Sub, long Exp);
