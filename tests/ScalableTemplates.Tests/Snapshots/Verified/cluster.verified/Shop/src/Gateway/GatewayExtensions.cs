using Microsoft.AspNetCore.Server.Kestrel.Core;
using Shop.Gateway.Replicas;
using Shop.Gateway.Retries;

namespace Shop.Gateway;

internal static class GatewayExtensions
{
    // A machine that is gone does not refuse connections, so an attempt to connect to it would wait for the timeout of the operating system.
    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(2);

    public static void AddGateway(this WebApplicationBuilder builder)
    {
        builder.Services.Configure<KestrelServerOptions>(builder.Configuration.GetSection("Kestrel"));
        builder.Services.AddSingleton<GatewayTelemetry>();
        builder.Services.AddOpenTelemetry().WithMetrics(metrics => metrics.AddMeter(GatewayTelemetry.MeterName));
        builder.Services.AddReverseProxy()
            .LoadFromConfig(builder.Configuration.GetSection("ReverseProxy"))
            .ConfigureHttpClient((_, handler) => handler.ConnectTimeout = ConnectTimeout)
            .AddReplicas(builder)
            .AddRetries();
    }

    /// <summary>Maps the routes of the section ReverseProxy.</summary>
    public static void MapGateway(this WebApplication app)
    {
        app.Services.GetRequiredService<GatewayTelemetry>();
        app.MapReverseProxy(proxy =>
        {
            proxy.UseMiddleware<RetryMiddleware>();
            proxy.UseLoadBalancing();
            proxy.UsePassiveHealthChecks();
            proxy.UseMiddleware<AttemptMiddleware>();
        });
    }
}
