using System.Security.Claims;
using System.Security.Cryptography;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace ScalableBackend.IntegrationTests;

/// <summary>Signs tokens with a key that only this test run knows.</summary>
internal static class Tokens
{
    private const string Issuer = "tests";
    private const string Audience = "api";

    private static readonly byte[] Key = RandomNumberGenerator.GetBytes(32);

    public static void Configure(Dictionary<string, string> settings)
    {
        const string Bearer = "Authentication:Schemes:Bearer";
        settings[$"{Bearer}:ValidIssuer"] = Issuer;
        settings[$"{Bearer}:ValidAudiences:0"] = Audience;
        settings[$"{Bearer}:SigningKeys:0:Id"] = "tests";
        settings[$"{Bearer}:SigningKeys:0:Issuer"] = Issuer;
        settings[$"{Bearer}:SigningKeys:0:Value"] = Convert.ToBase64String(Key);
        settings[$"{Bearer}:SigningKeys:0:Length"] = "32";
    }

    public static string Create(string subject) => new JsonWebTokenHandler().CreateToken(new SecurityTokenDescriptor
    {
        Issuer = Issuer,
        Audience = Audience,
#if (HasSample)
        Subject = new ClaimsIdentity([new Claim("sub", subject), new Claim("scope", "orders catalog:write")]),
#else
        Subject = new ClaimsIdentity([new Claim("sub", subject)]),
#endif
        Expires = DateTime.UtcNow.AddHours(1),
        SigningCredentials = new SigningCredentials(new SymmetricSecurityKey(Key), SecurityAlgorithms.HmacSha256),
    });
}
