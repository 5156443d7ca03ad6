using System.Globalization;
using System.Text;
using ScalableTemplates.Tests.EndToEnd;

namespace ScalableTemplates.Tests.Hardening;

/// <summary>The request mix: 60 % read a product, 20 % list orders and 20 % place an order.</summary>
internal sealed class RequestMix(Guid product, string readerToken, string orderToken)
{
    private static readonly string Run = Guid.NewGuid().ToString("N");

    private readonly byte[] product = Get($"v1/products/{product}", readerToken);
    private readonly byte[] orders = Get("v1/orders?limit=10", readerToken);
    private readonly string line = product.ToString();

    public RequestMix(Guid product)
        : this(product, Token.Create(), Token.Create("grace"))
    {
    }

    public ReadOnlyMemory<byte> this[int number] => (number % 10) switch
    {
        0 or 5 => Post(number),
        3 or 8 => orders,
        _ => product,
    };

    private static byte[] Get(string path, string token) => Encoding.ASCII.GetBytes($"GET /{path} HTTP/1.1\r\nHost: test\r\nAuthorization: Bearer {token}\r\n\r\n");

    // Placed by a different customer than the reader, so that the listed page does not grow during the run.
    private byte[] Post(int number)
    {
        var body = $$"""{"email":"ada@example.com","paymentMethod":"card","lines":[{"productId":"{{line}}","quantity":1}]}""";
        return Encoding.ASCII.GetBytes(string.Create(
            CultureInfo.InvariantCulture,
            $"POST /v1/orders HTTP/1.1\r\nHost: test\r\nAuthorization: Bearer {orderToken}\r\nIdempotency-Key: {Run}-{number}\r\nContent-Type: application/json\r\nContent-Length: {body.Length}\r\n\r\n{body}"));
    }
}
