using System.Globalization;
using Microsoft.AspNetCore.Authentication.JwtBearer;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Options;
using Microsoft.IdentityModel.Tokens;
using Microsoft.OpenApi;
using Shop.ServiceDefaults;

namespace Shop.Api;

internal static class JwtExtensions
{
    public const string Scheme = "Bearer";
    private const string Section = $"Authentication:Schemes:{Scheme}";
    private const string Variable = $"Authentication__Schemes__{Scheme}";

    /// <summary>Adds authentication with JWT bearer tokens, configured in Authentication:Schemes:Bearer: issuer, audiences, and authority or keys.</summary>
    public static void AddJwt(this WebApplicationBuilder builder)
    {
        builder.WatchUserSecrets();
        // Below Critical, the handler logs only exceptions that it rethrows, such as one per request while the identity provider is unavailable.
        builder.Logging.AddFilter("Microsoft.AspNetCore.Authentication.JwtBearer.JwtBearerHandler", LogLevel.Critical);
        builder.Services.AddSingleton<RejectedTokenLog>();
        builder.Services.AddSingleton<IdentityProviderMonitor>();
        builder.Services.AddHostedService(services => services.GetRequiredService<IdentityProviderMonitor>());
        builder.Services.AddHealthChecks().AddCheck<IdentityProviderMonitor>("identity-provider", HealthStatus.Degraded);
        // Registered before AddJwtBearer binds the configuration section, which may override the timeout.
        builder.Services.Configure<JwtBearerOptions>(Scheme, options =>
        {
            options.BackchannelTimeout = IdentityProviderMonitor.Timeout;
            builder.Configuration.GetSection(Section).ValidateSettings();
        });
        builder.Services.AddSingleton<TokenCache>();
        builder.Services.AddAuthentication(Scheme).AddJwtBearer(options =>
        {
            options.MapInboundClaims = false;
            options.SaveToken = false;
            options.EventsType = typeof(TokenCache);
        });
        // Reloads the signing keys when the configuration changes: the first 'dotnet user-jwts create' adds one while this process runs.
        builder.Services.AddSingleton<IOptionsChangeTokenSource<JwtBearerOptions>>(
            new ConfigurationChangeTokenSource<JwtBearerOptions>(Scheme, builder.Configuration.GetSection(Section)));
        builder.Services.AddOptions<JwtBearerOptions>(Scheme)
            .Configure(ValidateAuthority)
            // IssuerSigningKeys is a lazy sequence that would decode the keys in the configuration again for each request.
            .PostConfigure(options => options.TokenValidationParameters.IssuerSigningKeys = options.TokenValidationParameters.IssuerSigningKeys?.ToList())
            .Validate(
                options => builder.Environment.IsDevelopment() || options.ConfigurationManager is not null || options.TokenValidationParameters.HasKey(),
                $"{Section}:Authority is missing. Set the environment variable {Variable}__Authority to the URL of your identity provider.")
            .Validate(
                options => builder.Environment.IsDevelopment() || options.TokenValidationParameters.HasAudience(),
                $"{Section}:ValidAudiences is missing. Set the environment variable {Variable}__ValidAudiences__0 to the audience of this API.")
            .ValidateOnStart();
        builder.Services.RemoveDataProtectionStartup();
        builder.Services.AddAuthorization();
        builder.Services.ConfigureAll<OpenApiOptions>(options => options.AddOperationTransformer<BearerSecurityTransformer>().AddDocumentTransformer((document, _, _) =>
        {
            document.AddComponent(Scheme, new OpenApiSecurityScheme { Type = SecuritySchemeType.Http, Scheme = "bearer", BearerFormat = "JWT" });
            return Task.CompletedTask;
        }));
    }

    /// <summary>Requires a token with <paramref name="scope"/>. A token lists its scopes in one claim, separated by spaces, or in one claim each.</summary>
    public static TBuilder RequireScope<TBuilder>(this TBuilder builder, string scope)
        where TBuilder : IEndpointConventionBuilder =>
        builder.RequireAuthorization(policy => policy.RequireAssertion(context =>
            context.User.FindAll("scope").Any(claim => claim.Value.Split(' ').Contains(scope)))).WithMetadata(new RequiredScope(scope));

    // The framework throws on these before the options are validated, so that start-up would fail with a stack trace.
    private static void ValidateSettings(this IConfigurationSection section)
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

    private static void ValidateAuthority(JwtBearerOptions options)
    {
        if ((options.MetadataAddress ?? options.Authority) is not { Length: > 0 } address)
        {
            return;
        }

        if (options.RequireHttpsMetadata && !address.StartsWith("https://", StringComparison.OrdinalIgnoreCase))
        {
            throw new ConfigurationException(
                $"{address} must start with https://. Set the environment variable {Variable}__Authority to the URL of your identity provider; "
                + $"if it is on a trusted network, set {Variable}__RequireHttpsMetadata to false.");
        }

        if (!Uri.TryCreate(address, UriKind.Absolute, out var url) || !url.Scheme.StartsWith("http", StringComparison.Ordinal))
        {
            throw new ConfigurationException($"{address} is not a URL. Set the environment variable {Variable}__Authority to the URL of your identity provider.");
        }
    }

    // AddAuthentication also adds data protection, which creates a key on disk during start-up and logs a warning. Bearer tokens do not need it.
    private static void RemoveDataProtectionStartup(this IServiceCollection services)
    {
        foreach (var service in services.Where(service => service.ImplementationType?.Name == "DataProtectionHostedService").ToList())
        {
            services.Remove(service);
        }
    }

    private static bool HasKey(this TokenValidationParameters parameters) => parameters.IssuerSigningKeys?.Any() is true;

    private static bool HasAudience(this TokenValidationParameters parameters) => !parameters.ValidateAudience || parameters.ValidAudiences?.Any() is true || !string.IsNullOrEmpty(parameters.ValidAudience);
}
