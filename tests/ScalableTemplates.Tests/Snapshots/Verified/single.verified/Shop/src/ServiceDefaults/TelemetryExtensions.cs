using System.Diagnostics;
using System.Reflection;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace Shop.ServiceDefaults;

internal static class TelemetryExtensions
{
    private static readonly string[] Probes = ["/alive", "/health"];

    /// <summary>Adds OpenTelemetry logs, metrics and traces, exported over OTLP if OTEL_EXPORTER_OTLP_ENDPOINT is set.</summary>
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
                // Added again, as the last detector, so that OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES take precedence.
                .AddEnvironmentVariableDetector())
            .WithMetrics(metrics => metrics
                // Omits the meters of routing, authentication and authorization, which would record each request three more times.
                .AddMeter("Microsoft.AspNetCore.Hosting", "Microsoft.AspNetCore.Server.Kestrel", "Microsoft.AspNetCore.Diagnostics")
                .AddHttpClientInstrumentation()
                .AddRuntimeInstrumentation()
                .AddMeter("Polly", "Microsoft.EntityFrameworkCore", HealthTelemetry.MeterName))
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

    // The sampling ratio for requests whose caller has set the sampled flag.
    private static double GetRemoteParentRatio(IConfiguration configuration) =>
        configuration["OTEL_TRACES_SAMPLER"] is "parentbased_traceidratio" && !configuration.GetValue<bool>("Telemetry:TrustIncomingTraceContext")
            ? configuration.GetValue("OTEL_TRACES_SAMPLER_ARG", 1.0)
            : 1;

    // Any client can send a traceparent with a trace ID of its choice, so neither the sampled flag nor the trace ID decides whether a request is sampled.
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

    // Drops client spans without a parent: no request or message caused them. They are polls, leases and health checks, several per second.
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
