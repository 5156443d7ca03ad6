namespace Shop.Api.Payments;

internal sealed record ChargeRequest(Guid OrderId, decimal Amount, string Method);

internal static class PaymentProviderSimulator
{
    /// <summary>Stands in for the external payment provider, in Development only. It is stateless: the payment method of the request determines the response.</summary>
    public static void MapPaymentProviderSimulator(this WebApplication app)
    {
        if (app.Environment.IsDevelopment())
        {
            var charges = app.MapPost("/payment-simulator/charges", ChargeAsync).ExcludeFromDescription();
            charges.DisableRateLimiting();
        }
    }

    private static async Task<IResult> ChargeAsync(ChargeRequest request, CancellationToken cancellationToken)
    {
        if (request.Method == "card-slow")
        {
            await Task.Delay(TimeSpan.FromSeconds(3), cancellationToken);
        }

        return request.Method switch
        {
            "card-declined" => TypedResults.Problem("The card was declined.", statusCode: StatusCodes.Status402PaymentRequired),
            "card-unavailable" => TypedResults.StatusCode(StatusCodes.Status503ServiceUnavailable),
            "card" or "card-slow" => TypedResults.Ok(),
            _ => TypedResults.Problem("The payment method is unknown.", statusCode: StatusCodes.Status402PaymentRequired),
        };
    }
}
