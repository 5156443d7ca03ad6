using Microsoft.Extensions.Options;

namespace Shop.Api.LoadShedding;

internal static class LoadSheddingExtensions
{
    public static void AddLoadShedding(this WebApplicationBuilder builder)
    {
        builder.Services.AddSingleton<IValidateOptions<LoadSheddingOptions>, LoadSheddingOptionsValidator>();
        builder.Services.AddOptions<LoadSheddingOptions>().BindConfiguration(LoadSheddingOptions.Section).ValidateOnStart();
        builder.Services.AddOpenTelemetry().WithMetrics(metrics => metrics.AddMeter(LoadSheddingMiddleware.MeterName));
    }

    /// <summary>Must run before authentication and other expensive middleware; otherwise, rejections themselves would saturate the CPU.</summary>
    public static void UseLoadShedding(this WebApplication app) => app.UseMiddleware<LoadSheddingMiddleware>();
}
