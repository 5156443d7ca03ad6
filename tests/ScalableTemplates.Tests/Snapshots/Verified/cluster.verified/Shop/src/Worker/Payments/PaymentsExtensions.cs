using Microsoft.Extensions.Options;

namespace Shop.Worker.Payments;

internal sealed class PaymentOptions
{
    /// <summary>The base URL of the payment provider, with a trailing slash.</summary>
    public Uri? BaseUrl { get; init; }
}

internal static class PaymentsExtensions
{
    /// <summary>Registers the client of the payment provider. While the provider is down, orders stay pending and the charge is retried.</summary>
    public static void AddPayments(this IHostApplicationBuilder builder)
    {
        builder.Services.AddOptions<PaymentOptions>()
            .BindConfiguration("Payments")
            .Validate(options => options.BaseUrl is not null, "Payments:BaseUrl is missing. Set the environment variable Payments__BaseUrl to the URL of the payment provider.")
            .ValidateOnStart();
        builder.Services.AddHttpClient<PaymentClient>((services, http) =>
            http.BaseAddress = services.GetRequiredService<IOptions<PaymentOptions>>().Value.BaseUrl);
    }
}
