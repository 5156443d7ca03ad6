using System.Diagnostics;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Trace;

namespace ScalableBackend.ServiceDefaults;

internal static class Telemetry
{
    private static readonly string[] Probes = ["/alive", "/health"];

    /// <summary>Logs, metrics and traces by OpenTelemetry; sent over OTLP when OTEL_EXPORTER_OTLP_ENDPOINT is set.</summary>
    public static void AddTelemetry(this IHostApplicationBuilder builder)
    {
        builder.Logging.AddOpenTelemetry(logging =>
        {
            logging.IncludeFormattedMessage = true;
            logging.IncludeScopes = true;
        });

        var telemetry = builder.Services.AddOpenTelemetry()
            .WithMetrics(metrics => metrics
                // Without those of routing, authentication and authorization, which would count each request three times more.
                .AddMeter("Microsoft.AspNetCore.Hosting", "Microsoft.AspNetCore.Server.Kestrel", "Microsoft.AspNetCore.Diagnostics")
                .AddHttpClientInstrumentation()
                .AddRuntimeInstrumentation()
                .AddMeter("Polly", "Messaging", "Microsoft.EntityFrameworkCore"))
            .WithTracing(tracing => tracing
                .AddSource("Messaging")
                .AddProcessor<BackgroundCallFilter>()
                .AddAspNetCoreInstrumentation(options => options.Filter = context => !Probes.Contains(context.Request.Path.Value))
                .AddHttpClientInstrumentation());

        if (!string.IsNullOrEmpty(builder.Configuration["OTEL_EXPORTER_OTLP_ENDPOINT"]))
        {
            telemetry.UseOtlpExporter();
        }
    }

    // A call to a server that no request and no message has caused is a poll, a lease or a health check, several of them each second.
    private sealed class BackgroundCallFilter : BaseProcessor<Activity>
    {
        public override void OnStart(Activity data)
        {
            if (data.Kind == ActivityKind.Client && data.ParentSpanId == default)
            {
                data.IsAllDataRequested = false;
                data.ActivityTraceFlags &= ~ActivityTraceFlags.Recorded;
            }
        }
    }
}
