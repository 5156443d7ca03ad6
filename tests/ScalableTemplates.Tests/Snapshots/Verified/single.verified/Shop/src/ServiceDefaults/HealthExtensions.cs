using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Shop.ServiceDefaults;

public static class HealthExtensions
{
    /// <summary>The port of the probes outside Development, unless Health:Port is set.</summary>
    public const int DefaultPort = 8081;

    internal static void AddHealth(this IHostApplicationBuilder builder)
    {
        if (builder is not WebApplicationBuilder web)
        {
            return;
        }

        builder.Services.TryAddSingleton(TimeProvider.System);
        GracefulShutdown.Add(builder);
        builder.Services.AddHealthChecks();
        builder.Services.AddSingleton<HealthMonitor>();
        builder.Services.AddHostedService(services => services.GetRequiredService<HealthMonitor>());
        if (GetPort(builder.Configuration, builder.Environment) is > 0 and var port)
        {
            web.AddUrl(port);
        }
    }

    /// <summary>
    /// Serves the probes from memory, ahead of all middleware that could reject them. <c>/alive</c> is the liveness probe: restart the
    /// process if it fails. <c>/health</c> is the readiness probe: 503 while the process starts or stops, or while a dependency that it
    /// cannot work without is down. Both return only a status, so they need no authentication. Outside Development they are served
    /// on a separate port, Health:Port.
    /// </summary>
    public static void UseHealth(this WebApplication app)
    {
        var port = GetPort(app.Configuration, app.Environment);
        var health = app.Services.GetRequiredService<HealthMonitor>();
        var shutdown = app.Services.GetRequiredService<GracefulShutdown>();
        app.MapWhen(
            context => port == 0 ? context.Request.Path.Value is "/alive" or "/health" : context.Connection.LocalPort == port,
            probes => probes.Run(context =>
            {
                // Probes are not requests of callers.
                context.Features.Get<IHttpMetricsTagsFeature>()?.MetricsDisabled = true;
                return context.Request.Path.Value switch
                {
                    "/alive" => context.Response.WriteAsync(nameof(HealthStatus.Healthy)),
                    "/health" => WriteStatusAsync(context.Response, health.GetStatus()),
                    _ => Task.FromResult(context.Response.StatusCode = StatusCodes.Status404NotFound),
                };
            }));
        app.Use((context, next) =>
        {
            // Makes clients reconnect to another replica before this replica stops listening.
            if (shutdown.IsStopping && HttpProtocol.IsHttp11(context.Request.Protocol))
            {
                context.Response.Headers.Connection = "close";
            }

            return next(context);
        });
    }

    private static Task WriteStatusAsync(HttpResponse response, string status)
    {
        response.StatusCode = status is nameof(HealthStatus.Healthy) or nameof(HealthStatus.Degraded)
            ? StatusCodes.Status200OK
            : StatusCodes.Status503ServiceUnavailable;
        return response.WriteAsync(status);
    }

    internal static int GetPort(IConfiguration configuration, IHostEnvironment environment) =>
        configuration.GetValue("Health:Port", environment.IsDevelopment() ? 0 : DefaultPort);

    // Kestrel reads its addresses from one of several settings, so the port is added to the setting that is in use.
    private static void AddUrl(this WebApplicationBuilder builder, int port)
    {
        if (builder.Configuration.GetSection("Kestrel:Endpoints").GetChildren().Any())
        {
            builder.Configuration.AddInMemoryCollection([new("Kestrel:Endpoints:Probes:Url", $"http://*:{port}")]);
        }
        else if (builder.Configuration["urls"] is { Length: > 0 } urls)
        {
            builder.WebHost.UseUrls($"{urls};http://*:{port}");
        }
        else if (builder.Configuration["http_ports"] is { Length: > 0 } ports)
        {
            builder.WebHost.UseSetting("http_ports", $"{ports};{port}");
        }
        else if (builder.Configuration["https_ports"] is { Length: > 0 })
        {
            builder.WebHost.UseSetting("http_ports", $"{port}");
        }
        else
        {
            builder.WebHost.UseUrls($"http://localhost:5000;http://*:{port}");
        }
    }
}
