using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.AspNetCore.Mvc;
using ScalableBackend.Shared.Data;
using ScalableBackend.Shared.Orders;

namespace ScalableBackend.Worker.Payments;

internal sealed class PaymentClient(HttpClient http)
{
    /// <summary>Charges an order once, however often it is called: the order's id is the idempotency key.</summary>
    /// <returns>Why the provider refuses; null if it has charged the customer.</returns>
    /// <exception cref="HttpRequestException">The provider did not answer, or with an error of its own.</exception>
    public async Task<string?> ChargeAsync(Order order, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "charges");
        request.Headers.Add("Idempotency-Key", order.Id.ToString());
        request.Content = JsonContent.Create(new { OrderId = order.Id, Amount = order.Total, Method = order.PaymentMethod });
        using var response = await http.SendAsync(request, cancellationToken);
        if (response.StatusCode == HttpStatusCode.PaymentRequired)
        {
            return (await ReadDetailAsync(response.Content, cancellationToken) ?? "The payment was refused.").ToStorable(Order.MaxReasonLength);
        }

        response.EnsureSuccessStatusCode();
        return null;
    }

    // A refusal is final whatever the body looks like: failing to read it would charge again.
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
