namespace Shop.IntegrationTests;

/// <summary>Sends the consistency token of the last write with each request, as a client does that relies on read-your-writes.</summary>
internal sealed class ConsistencyTokenHandler : DelegatingHandler
{
    private const string Header = "Consistency-Token";

    private volatile string? _token;

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        if (_token is { } token)
        {
            request.Headers.TryAddWithoutValidation(Header, token);
        }

        var response = await base.SendAsync(request, cancellationToken);
        if (response.Headers.TryGetValues(Header, out var tokens))
        {
            _token = tokens.Single();
        }

        return response;
    }
}
