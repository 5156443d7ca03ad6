using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace ScalableTemplates.Tests.EndToEnd;

/// <summary>Tokens like those of <c>dotnet user-jwts</c>, and the configuration with which the API accepts them.</summary>
internal static class Token
{
    private const string Issuer = "end-to-end-tests";
    private const string Audience = "api";

    private static readonly JsonSerializerOptions WithoutNulls = new() { DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull };

    private static readonly byte[] Key = RandomNumberGenerator.GetBytes(32);

    public static string SigningKey { get; } = Convert.ToBase64String(Key);

    public static void Configure(IDictionary<string, string> environment)
    {
        const string Bearer = "Authentication__Schemes__Bearer__";
        environment[Bearer + "ValidIssuer"] = Issuer;
        environment[Bearer + "ValidAudiences__0"] = Audience;
        environment[Bearer + "SigningKeys__0__Id"] = "test";
        environment[Bearer + "SigningKeys__0__Issuer"] = Issuer;
        environment[Bearer + "SigningKeys__0__Value"] = SigningKey;
        environment[Bearer + "SigningKeys__0__Length"] = "32";
    }

    public static string Create(string subject = "ada", string scope = "orders catalog:write", int lifetimeInHours = 1, string? plan = null)
    {
        var header = Encode(new { alg = "HS256", typ = "JWT" });
        var payload = Encode(new
        {
            iss = Issuer,
            aud = Audience,
            sub = subject,
            plan,
            scope,
            exp = DateTimeOffset.UtcNow.AddHours(lifetimeInHours).ToUnixTimeSeconds(),
        });
        var signature = HMACSHA256.HashData(Key, Encoding.ASCII.GetBytes($"{header}.{payload}"));
        return $"{header}.{payload}.{Base64Url.EncodeToString(signature)}";
    }

    private static string Encode(object part) => Base64Url.EncodeToString(JsonSerializer.SerializeToUtf8Bytes(part, WithoutNulls));
}
