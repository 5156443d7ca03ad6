using System.Reflection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace Shop.Api;

internal static class OpenApiGenerationExtensions
{
    /// <summary>
    /// While the build writes docs/openapi.json, removes the background services and the validation of settings registered so far, as
    /// the build has neither servers nor settings.
    /// </summary>
    public static void SkipStartupInBuild(this IServiceCollection services)
    {
        if (Assembly.GetEntryAssembly()?.GetName().Name == "GetDocument.Insider")
        {
            services.RemoveAll<IHostedService>().RemoveAll<IStartupValidator>();
        }
    }
}
