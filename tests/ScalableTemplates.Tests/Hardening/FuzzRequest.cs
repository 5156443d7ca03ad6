using System.Text;

namespace ScalableTemplates.Tests.Hardening;

/// <summary>A request that may be invalid in any way that HttpClient can send.</summary>
/// <param name="Operation">The operation that it calls; null if it is not in the document.</param>
/// <param name="IsRefused">Whether its token is invalid, so that it must be rejected.</param>
internal sealed record FuzzRequest(
    int Number, HttpMethod Method, string Path, Operation? Operation, IReadOnlyList<(string Name, string Value)> Headers, byte[]? Body, string? ContentType, bool IsChunked, bool IsRefused)
{
    public bool IsOversized => Body?.Length > BodyGenerator.Limit;

    public HttpRequestMessage ToMessage(Uri address)
    {
        var message = new HttpRequestMessage(Method, new Uri(address.ToString().TrimEnd('/') + Path, new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true }));
        if (Body is not null)
        {
            message.Content = new ByteArrayContent(Body);
            if (ContentType is not null)
            {
                message.Content.Headers.TryAddWithoutValidation("Content-Type", ContentType);
            }

            message.Headers.TransferEncodingChunked = IsChunked;
            // A server that responds without reading the whole body closes the connection, so no other request may share it.
            message.Headers.ConnectionClose = IsOversized;
        }

        foreach (var (name, value) in Headers)
        {
            message.Headers.TryAddWithoutValidation(name, value);
        }

        return message;
    }

    public override string ToString()
    {
        var body = Body is null ? "" : Encoding.UTF8.GetString(Body.AsSpan(0, Math.Min(Body.Length, 400)));
        var headers = string.Join("; ", Headers.Select(header => $"{header.Name}: {Cut(header.Value)}"));
        return $"#{Number} {Method} {Cut(Path)} [{headers}; Content-Type: {ContentType}; {Body?.Length} bytes] {body}";
    }

    private static string Cut(string text) => text.Length > 120 ? text[..120] + "..." : text;
}
