using Microsoft.AspNetCore.Authentication.JwtBearer;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace ScalableBackend.Api;

internal static class Jwt
{
    private const string Scheme = "Bearer";

    /// <summary>Bearer tokens, checked as Authentication:Schemes:Bearer in the configuration says: issuer, audiences, keys or authority.</summary>
    public static void AddJwt(this WebApplicationBuilder builder)
    {
#if (HasPostgres)
        builder.Services.AddSingleton<TokenCache>();
        builder.Services.AddAuthentication(Scheme).AddJwtBearer(options =>
        {
            options.MapInboundClaims = false;
            options.SaveToken = false;
            options.EventsType = typeof(TokenCache);
        });
#else
        builder.Services.AddAuthentication(Scheme).AddJwtBearer(options => options.MapInboundClaims = false);
#endif
        // They are read from the configuration whenever they are listed: once, and not for each request.
        builder.Services.PostConfigure<JwtBearerOptions>(Scheme, options =>
            options.TokenValidationParameters.IssuerSigningKeys = options.TokenValidationParameters.IssuerSigningKeys?.ToList());
        builder.Services.AddAuthorization();
        builder.Services.ConfigureAll<OpenApiOptions>(options => options.AddDocumentTransformer((document, _, _) =>
        {
            document.AddComponent(Scheme, new OpenApiSecurityScheme { Type = SecuritySchemeType.Http, Scheme = "bearer", BearerFormat = "JWT" });
            document.Security = [new() { [new OpenApiSecuritySchemeReference(Scheme, document)] = [] }];
            return Task.CompletedTask;
        }));
    }

    /// <summary>Lets in only tokens with <paramref name="scope"/>: in one claim with spaces between, or in a claim each.</summary>
    public static TBuilder RequireScope<TBuilder>(this TBuilder builder, string scope)
        where TBuilder : IEndpointConventionBuilder =>
        builder.RequireAuthorization(policy => policy.RequireAssertion(context =>
            context.User.FindAll("scope").Any(claim => claim.Value.Split(' ').Contains(scope))));
}
