using Microsoft.AspNetCore.Authentication.JwtBearer;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.Extensions.Options;
using Microsoft.IdentityModel.Tokens;
using Microsoft.OpenApi;
using ScalableBackend.ServiceDefaults;

namespace ScalableBackend.Api;

internal static class Jwt
{
    private const string Scheme = "Bearer";
    private const string Section = $"Authentication:Schemes:{Scheme}";
    private const string Variable = $"Authentication__Schemes__{Scheme}";

    /// <summary>Bearer tokens, checked as Authentication:Schemes:Bearer in the configuration says: issuer, audiences, keys or authority.</summary>
    public static void AddJwt(this WebApplicationBuilder builder)
    {
        builder.WatchUserSecrets();
        builder.Services.AddSingleton<RefusedTokenLog>();
#if (HasPostgres)
        builder.Services.AddSingleton<TokenCache>();
        builder.Services.AddAuthentication(Scheme).AddJwtBearer(options =>
        {
            options.MapInboundClaims = false;
            options.SaveToken = false;
            options.EventsType = typeof(TokenCache);
        });
#else
        builder.Services.AddAuthentication(Scheme).AddJwtBearer(options =>
        {
            options.MapInboundClaims = false;
            options.EventsType = typeof(RefusedTokenLog);
        });
#endif
        // A key that is added while this process runs, as the first call of 'dotnet user-jwts' does, is valid at once.
        builder.Services.AddSingleton<IOptionsChangeTokenSource<JwtBearerOptions>>(
            new ConfigurationChangeTokenSource<JwtBearerOptions>(Scheme, builder.Configuration.GetSection(Section)));
        builder.Services.AddOptions<JwtBearerOptions>(Scheme)
            .Configure(RefuseInsecureAuthority)
            // The keys are read from the configuration whenever they are listed: once, and not for each request.
            .PostConfigure(options => options.TokenValidationParameters.IssuerSigningKeys = options.TokenValidationParameters.IssuerSigningKeys?.ToList())
            .Validate(
                options => builder.Environment.IsDevelopment() || options.ConfigurationManager is not null || options.TokenValidationParameters.HasKey(),
                $"{Section}:Authority is missing. Set the environment variable {Variable}__Authority to the URL of your identity provider.")
            .Validate(
                options => builder.Environment.IsDevelopment() || options.TokenValidationParameters.HasAudience(),
                $"{Section}:ValidAudiences is missing. Set the environment variable {Variable}__ValidAudiences__0 to the audience of this API.")
            .ValidateOnStart();
        builder.Services.RemoveKeyRing();
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

    // JwtBearer itself would throw before the options are validated, and the start would end with a stack trace.
    private static void RefuseInsecureAuthority(JwtBearerOptions options)
    {
        if (options.RequireHttpsMetadata
            && (options.MetadataAddress ?? options.Authority) is { Length: > 0 } address
            && !address.StartsWith("https://", StringComparison.OrdinalIgnoreCase))
        {
            throw new ConfigurationException(
                $"{address} must start with https://. Set the environment variable {Variable}__Authority to the URL of your identity provider; "
                + $"for one on a network that you trust, set {Variable}__RequireHttpsMetadata to false.");
        }
    }

    // Authentication brings data protection along, which creates a key at the start, on disk and with a warning. Bearer tokens need none.
    private static void RemoveKeyRing(this IServiceCollection services)
    {
        foreach (var service in services.Where(service => service.ImplementationType?.Name == "DataProtectionHostedService").ToList())
        {
            services.Remove(service);
        }
    }

    private static bool HasKey(this TokenValidationParameters parameters) => parameters.IssuerSigningKeys?.Any() is true;

    private static bool HasAudience(this TokenValidationParameters parameters) => !parameters.ValidateAudience || parameters.ValidAudiences?.Any() is true || !string.IsNullOrEmpty(parameters.ValidAudience);
}
