using ApiBaseline;
using ApiEfCore;
using Microsoft.EntityFrameworkCore;
using Npgsql;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Trace;

// The sample's endpoints with EF Core and OpenTelemetry only: no rate limiting, load shedding, resilience or distributed cache;
// token validation and the outbox relay are those of the hand-written baseline.
var builder = WebApplication.CreateBuilder(args);
var database = NpgsqlDataSource.Create(builder.Configuration.GetConnectionString("database")!);
builder.Services.AddSingleton(database);
builder.Services.AddDbContextPool<ShopContext>(options => options.UseNpgsql(database).UseSnakeCaseNamingConvention());
builder.Services.AddMemoryCache();
builder.Services.AddProblemDetails();
builder.Services.ConfigureHttpJsonOptions(json => json.SerializerOptions.TypeInfoResolverChain.Insert(0, Json.Default));
builder.Services.AddOpenTelemetry()
    .WithMetrics(metrics => metrics.AddAspNetCoreInstrumentation().AddRuntimeInstrumentation().AddMeter("Npgsql"))
    .WithTracing(tracing => tracing.AddAspNetCoreInstrumentation().AddNpgsql())
    .UseOtlpExporter();
await builder.AddRelayAsync();

var app = builder.Build();
app.UseExceptionHandler();
app.UseStatusCodePages();
app.MapGet("/health", () => "Healthy");
var v1 = app.MapGroup("/v1");
v1.AddEndpointFilter(new Bearer(app.Configuration).FilterAsync);
v1.MapProducts();
v1.MapOrders();
app.Run();
