using System.Security.Claims;
using System.Security.Cryptography;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace Shop.IntegrationTests;

/// <summary>Issues tokens signed with a key that is generated for this test run.</summary>
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

    /// <summary>Creates invalid tokens, by their defect.</summary>
    public static IReadOnlyDictionary<string, Func<string>> Invalid { get; } = new Dictionary<string, Func<string>>
    {
        ["issuer"] = () => Create("ada", issuer: "somebody"),
        ["audience"] = () => Create("ada", audience: "something"),
        ["key"] = () => Create("ada", key: RandomNumberGenerator.GetBytes(32)),
        ["time"] = () => Create("ada", expires: DateTime.UtcNow.AddHours(-1)),
        ["text"] = () => "nonsense",
    };

    public static string Create(
        string subject, string issuer = Issuer, string audience = Audience, byte[]? key = null, DateTime? expires = null) =>
        new JsonWebTokenHandler().CreateToken(new SecurityTokenDescriptor
        {
            Issuer = issuer,
            Audience = audience,
            Subject = new ClaimsIdentity([new Claim("sub", subject), new Claim("scope", "orders catalog:write")]),
            NotBefore = DateTime.UtcNow.AddHours(-2),
            Expires = expires ?? DateTime.UtcNow.AddHours(1),
            SigningCredentials = new SigningCredentials(new SymmetricSecurityKey(key ?? Key), SecurityAlgorithms.HmacSha256),
        });
}
