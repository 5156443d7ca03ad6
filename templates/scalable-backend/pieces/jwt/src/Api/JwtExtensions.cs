using System.Globalization;
using Microsoft.AspNetCore.Authentication.JwtBearer;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Options;
using Microsoft.IdentityModel.Tokens;
using Microsoft.OpenApi;
using ScalableBackend.ServiceDefaults;

namespace ScalableBackend.Api;

internal static class JwtExtensions
{
    public const string Scheme = "Bearer";
    private const string Section = $"Authentication:Schemes:{Scheme}";
    private const string Variable = $"Authentication__Schemes__{Scheme}";

    /// <summary>Bearer tokens, checked as Authentication:Schemes:Bearer in the configuration says: issuer, audiences, keys or authority.</summary>
    public static void AddJwt(this WebApplicationBuilder builder)
    {
        builder.WatchUserSecrets();
        // Below Critical it logs only exceptions that it also rethrows, such as one for each request while the identity provider is unavailable.
        builder.Logging.AddFilter("Microsoft.AspNetCore.Authentication.JwtBearer.JwtBearerHandler", LogLevel.Critical);
        builder.Services.AddSingleton<RefusedTokenLog>();
        builder.Services.AddSingleton<IdentityProvider>();
        builder.Services.AddHostedService(services => services.GetRequiredService<IdentityProvider>());
        builder.Services.AddHealthChecks().AddCheck<IdentityProvider>("identity-provider", HealthStatus.Degraded);
        // Before the section of the configuration, which may set another timeout.
        builder.Services.Configure<JwtBearerOptions>(Scheme, options =>
        {
            options.BackchannelTimeout = IdentityProvider.Timeout;
            builder.Configuration.GetSection(Section).CheckSettings();
        });
#if (HasPostgres)
        builder.Services.AddSingleton<TokenCache>();
        builder.Services.AddAuthentication(Scheme).AddJwtBearer(options =>
        {
            options.MapInboundClaims = false;
            options.SaveToken = false;
            options.EventsType = typeof(TokenCache);
        });
#else
        builder.Services.AddSingleton<BearerEvents>();
        builder.Services.AddAuthentication(Scheme).AddJwtBearer(options =>
        {
            options.MapInboundClaims = false;
            options.EventsType = typeof(BearerEvents);
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
        builder.Services.ConfigureAll<OpenApiOptions>(options => options.AddOperationTransformer<BearerSecurityTransformer>().AddDocumentTransformer((document, _, _) =>
        {
            document.AddComponent(Scheme, new OpenApiSecurityScheme { Type = SecuritySchemeType.Http, Scheme = "bearer", BearerFormat = "JWT" });
            return Task.CompletedTask;
        }));
    }

    /// <summary>Lets in only tokens with <paramref name="scope"/>: in one claim with spaces between, or in a claim each.</summary>
    public static TBuilder RequireScope<TBuilder>(this TBuilder builder, string scope)
        where TBuilder : IEndpointConventionBuilder =>
        builder.RequireAuthorization(policy => policy.RequireAssertion(context =>
            context.User.FindAll("scope").Any(claim => claim.Value.Split(' ').Contains(scope)))).WithMetadata(new RequiredScope(scope));

    // JwtBearer itself would throw before the options are validated, and the start would end with a stack trace.
    private static void CheckSettings(this IConfigurationSection section)
    {
        if (section[nameof(JwtBearerOptions.BackchannelTimeout)] is { } timeout
            && !(TimeSpan.TryParse(timeout, CultureInfo.InvariantCulture, out var duration) && duration > TimeSpan.Zero))
        {
            throw new ConfigurationException(
                $"{Section}:BackchannelTimeout must be a positive time span, such as 00:00:05. Set the environment variable {Variable}__BackchannelTimeout.");
        }

        foreach (var key in section.GetSection("SigningKeys").GetChildren())
        {
            var value = key["Value"] ?? "";
            if (!Convert.TryFromBase64String(value, new byte[value.Length], out var length) || length == 0)
            {
                throw new ConfigurationException($"{key.Path}:Value must be a key in base64. Set the environment variable {Variable}__SigningKeys__{key.Key}__Value.");
            }
        }
    }

    private static void RefuseInsecureAuthority(JwtBearerOptions options)
    {
        if ((options.MetadataAddress ?? options.Authority) is not { Length: > 0 } address)
        {
            return;
        }

        if (options.RequireHttpsMetadata && !address.StartsWith("https://", StringComparison.OrdinalIgnoreCase))
        {
            throw new ConfigurationException(
                $"{address} must start with https://. Set the environment variable {Variable}__Authority to the URL of your identity provider; "
                + $"for one on a network that you trust, set {Variable}__RequireHttpsMetadata to false.");
        }

        if (!Uri.TryCreate(address, UriKind.Absolute, out var url) || !url.Scheme.StartsWith("http", StringComparison.Ordinal))
        {
            throw new ConfigurationException($"{address} is not a URL. Set the environment variable {Variable}__Authority to the URL of your identity provider.");
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
