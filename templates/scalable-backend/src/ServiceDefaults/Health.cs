using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Diagnostics.HealthChecks;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace ScalableBackend.ServiceDefaults;

public static class Health
{
    private const string Live = "live";

    internal static void AddHealth(this IServiceCollection services) =>
        services.AddHealthChecks().AddCheck("self", () => HealthCheckResult.Healthy(), [Live]);

    /// <summary>
    /// Maps the probes, in every environment. <c>/alive</c>: the process works, restart it if not.
    /// <c>/health</c>: it can serve; 503 only if something is down that it cannot work without.
    /// Both answer with one word, so they tell a stranger nothing.
    /// </summary>
    public static void MapHealth(this IEndpointRouteBuilder endpoints)
    {
        endpoints.MapHealthChecks("/alive", new HealthCheckOptions { Predicate = check => check.Tags.Contains(Live) }).AllowAnonymous();
        endpoints.MapHealthChecks("/health").AllowAnonymous();
    }
}
