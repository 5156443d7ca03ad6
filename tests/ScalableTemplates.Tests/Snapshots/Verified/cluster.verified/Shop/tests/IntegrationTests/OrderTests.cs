using System.Net;
using Xunit;

namespace Shop.IntegrationTests;

public sealed class OrderTests(Backend backend)
{
    [Fact]
    public async Task An_order_is_processed_to_completion()
    {
        using var client = backend.CreateClient();

        var location = await client.PlaceOrderAsync("card");

        var order = await client.WaitForOrderAsync(location, "Confirmed");
        Assert.Single(Directory.GetFiles(backend.Mails, $"*{order.GetProperty("id").GetString()}*.eml"));
    }

    [Theory]
    [InlineData("card-declined", "The card was declined.")]
    [InlineData("cheque", "The payment method is unknown.")]
    public async Task An_order_whose_payment_is_declined_is_rejected_with_the_reason(string paymentMethod, string reason)
    {
        using var client = backend.CreateClient();

        var location = await client.PlaceOrderAsync(paymentMethod);

        var order = await client.WaitForOrderAsync(location, "Rejected");
        Assert.Equal(reason, order.GetProperty("reason").GetString());
    }

    [Fact]
    public async Task An_order_for_an_unknown_product_is_invalid()
    {
        using var client = backend.CreateClient();

        using var response = await client.PostOrderAsync(Guid.NewGuid().ToString(), Guid.NewGuid(), "card");

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
    }

    [Fact]
    public async Task An_order_of_another_customer_is_not_found()
    {
        using var ada = backend.CreateClient("ada");
        using var eve = backend.CreateClient("eve");

        var location = await ada.PlaceOrderAsync("card");

        using var response = await eve.GetAsync(location, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
    }
}
