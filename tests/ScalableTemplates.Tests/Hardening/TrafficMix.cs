using System.Globalization;
using System.Text;
using ScalableTemplates.Tests.EndToEnd;

namespace ScalableTemplates.Tests.Hardening;

/// <summary>What clients ask for: of ten requests, six are for a product, two for a page of orders, and two place one.</summary>
internal sealed class TrafficMix(Guid product)
{
    private static readonly string Orderer = Token.Create("grace");
    private static readonly string Run = Guid.NewGuid().ToString("N");

    private readonly byte[] product = Get($"v1/products/{product}");
    private readonly byte[] orders = Get("v1/orders?limit=10");
    private readonly string line = product.ToString();

    public ReadOnlyMemory<byte> this[int number] => (number % 10) switch
    {
        0 or 5 => Post(number),
        3 or 8 => orders,
        _ => product,
    };

    private static byte[] Get(string path) => Encoding.ASCII.GetBytes($"GET /{path} HTTP/1.1\r\nHost: test\r\nAuthorization: Bearer {Token.Create()}\r\n\r\n");

    // By another customer than who reads: his page of orders is as long at the end as at the beginning.
    private byte[] Post(int number)
    {
        var body = $$"""{"email":"ada@example.com","paymentMethod":"card","lines":[{"productId":"{{line}}","quantity":1}]}""";
        return Encoding.ASCII.GetBytes(string.Create(
            CultureInfo.InvariantCulture,
            $"POST /v1/orders HTTP/1.1\r\nHost: test\r\nAuthorization: Bearer {Orderer}\r\nIdempotency-Key: {Run}-{number}\r\nContent-Type: application/json\r\nContent-Length: {body.Length}\r\n\r\n{body}"));
    }
}
