using System.Diagnostics;
using System.Reflection;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace ScalableBackend.ServiceDefaults;

internal static class TelemetryExtensions
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
            .ConfigureResource(resource => resource
                .AddService(
                    builder.Environment.ApplicationName,
                    serviceVersion: Assembly.GetEntryAssembly()?.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion)
                .AddAttributes([new("deployment.environment.name", builder.Environment.EnvironmentName)])
                // Once more, last, so that OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES take precedence.
                .AddEnvironmentVariableDetector())
            .WithMetrics(metrics => metrics
                // Without those of routing, authentication and authorization, which would count each request three times more.
                .AddMeter("Microsoft.AspNetCore.Hosting", "Microsoft.AspNetCore.Server.Kestrel", "Microsoft.AspNetCore.Diagnostics")
                .AddHttpClientInstrumentation()
                .AddRuntimeInstrumentation()
                .AddMeter("Polly", "Microsoft.EntityFrameworkCore"))
            .WithTracing(tracing => tracing
                .AddProcessor<BackgroundCallFilter>()
                .AddProcessor(new RemoteParentFilter(GetRemoteParentRatio(builder.Configuration)))
                .AddAspNetCoreInstrumentation(options => options.Filter = context => !Probes.Contains(context.Request.Path.Value))
                .AddHttpClientInstrumentation());

        if (!string.IsNullOrEmpty(builder.Configuration["OTEL_EXPORTER_OTLP_ENDPOINT"]))
        {
            telemetry.UseOtlpExporter();
        }
    }

    // How many of the requests are sampled whose caller says that it samples them.
    private static double GetRemoteParentRatio(IConfiguration configuration) =>
        configuration["OTEL_TRACES_SAMPLER"] is "parentbased_traceidratio" && !configuration.GetValue<bool>("Telemetry:TrustIncomingTraceContext")
            ? configuration.GetValue("OTEL_TRACES_SAMPLER_ARG", 1.0)
            : 1;

    // Anybody may send a traceparent, with a trace id of their choice, so neither its flag nor its id decides whether a request is sampled.
    private sealed class RemoteParentFilter(double ratio) : BaseProcessor<Activity>
    {
        public override void OnStart(Activity data)
        {
            if (data is { Kind: ActivityKind.Server, HasRemoteParent: true } && Random.Shared.NextDouble() >= ratio)
            {
                data.IsAllDataRequested = false;
                data.ActivityTraceFlags &= ~ActivityTraceFlags.Recorded;
            }
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
