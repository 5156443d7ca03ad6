using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.AspNetCore.Mvc;
using Shop.Shared.Data;
using Shop.Shared.Orders;

namespace Shop.Worker.Payments;

internal sealed class PaymentClient(HttpClient http)
{
    /// <summary>Charges an order. Repeated calls charge it only once, because the order id is the idempotency key.</summary>
    /// <returns>Why the provider declined the payment; null if it has charged the customer.</returns>
    /// <exception cref="HttpRequestException">The provider did not respond, or responded with an unexpected status.</exception>
    public async Task<string?> ChargeAsync(Order order, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "charges");
        request.Headers.Add("Idempotency-Key", order.Id.ToString());
        request.Content = JsonContent.Create(new { OrderId = order.Id, Amount = order.Total, Method = order.PaymentMethod });
        using var response = await http.SendAsync(request, cancellationToken);
        if (response.StatusCode == HttpStatusCode.PaymentRequired)
        {
            return (await ReadDetailAsync(response.Content, cancellationToken) ?? "The payment was declined.").Sanitize(Order.MaxReasonLength);
        }

        response.EnsureSuccessStatusCode();
        return null;
    }

    // A declined payment is final, even if the body is unreadable: an exception would retry the charge.
    private static async Task<string?> ReadDetailAsync(HttpContent content, CancellationToken cancellationToken)
    {
        try
        {
            return (await content.ReadFromJsonAsync<ProblemDetails>(cancellationToken))?.Detail;
        }
        catch (Exception exception) when (exception is JsonException or NotSupportedException or InvalidOperationException)
        {
            return null;
        }
    }
}
