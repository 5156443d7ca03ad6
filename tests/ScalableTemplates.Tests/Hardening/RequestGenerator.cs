using System.Globalization;
using ScalableTemplates.Tests.EndToEnd;

namespace ScalableTemplates.Tests.Hardening;

/// <summary>Generates requests to the operations of an API, each determined by the seed and its number only.</summary>
/// <param name="ids">Existing ids, so that not all requests get 404.</param>
internal sealed class RequestGenerator(ApiDescription api, BodyGenerator bodies, int seed, IReadOnlyList<Guid> ids)
{
    private static readonly HttpMethod[] Methods =
        [HttpMethod.Head, HttpMethod.Options, HttpMethod.Patch, HttpMethod.Delete, HttpMethod.Trace, HttpMethod.Post, HttpMethod.Put, new("BREW")];

    private static readonly string[] ContentTypes =
    [
        "text/plain", "application/xml", "multipart/form-data; boundary=x", "application/x-www-form-urlencoded", "application/json; charset=utf-16", "application/json; charset=utf-7",
        "application/json; charset=bogus", "application/json; charset=", "application/problem+json", "application/", "/", "a", "*/*", "json",
    ];

    private static readonly (string Name, string Value)[] OtherHeaders =
    [
        ("Accept", "text/html"), ("Accept", "image/png, */*;q=0.1"), ("Accept", "garbage"), ("Accept", ""), ("Accept-Language", "tlh"), ("Accept-Encoding", "zstd, *;q=0"),
        ("If-Match", "\"x"), ("If-Modified-Since", "yesterday"), ("Range", "bytes=5-1"), ("X-Forwarded-For", "999.1.1.1, garbage"), ("X-Forwarded-For", "[::"),
        ("X-Forwarded-Proto", "gopher"), ("X-HTTP-Method-Override", "DELETE"), ("Cookie", "=;==; a=\"\u0001"), ("traceparent", "00-zz-zz-zz"), ("baggage", "%%%=,,,"),
        ("tracestate", "=,=,="), ("Upgrade", "websocket"), ("Origin", "null"), ("X-Header", new string('h', 9_000)),
    ];

    private static readonly (string? Value, bool IsRefused)[] Authorizations =
    [
        (null, true),
        ("Bearer garbage", true),
        ("Bearer ", true),
        ("Bearer a.b.c", true),
        ("Basic YWRhOmFkYQ==", true),
        ("Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiJhZGEifQ.", true),
        ($"Bearer {new string('x', 9_000)}", true),
        ($"Bearer {Token.Create()}x", true),
        ($"Bearer {Token.Create(lifetimeInHours: -1)}", true),
        ($"Bearer {Token.Create(subject: new string('s', 255))}", false),
        ($"Bearer {Token.Create(subject: new string('s', 256))}", true),
        ($"Bearer {Token.Create(subject: "a\0b")}", true),
        ($"bearer  {Token.Create()} ", false),
        // Sufficient only for reading the catalog.
        ($"Bearer {Token.Create(scope: "others")}", false),
    ];

    private static readonly string Good = $"Bearer {Token.Create()}";

    public FuzzRequest Create(int number)
    {
        var random = new Random(unchecked((seed * 1_000_003) + number));
        var operation = api.Operations[number % api.Operations.Count];
        var method = random.Next(40) == 0 ? EdgeCaseValues.Pick(random, Methods) : operation.Method;
        var (authorization, isRefused) = random.Next(8) == 0 ? EdgeCaseValues.Pick(random, Authorizations) : (Good, false);
        List<(string, string)> headers = [];
        if (authorization is not null)
        {
            headers.Add(("Authorization", authorization));
        }

        foreach (var parameter in operation.Parameters.Where(parameter => parameter.In == "header"))
        {
            headers.AddRange(Header(parameter, operation, random).Select(value => (parameter.Name, value)));
        }

        if (random.Next(6) == 0)
        {
            headers.Add(EdgeCaseValues.Pick(random, OtherHeaders));
        }

        var hasBody = operation.Body is not null && method != HttpMethod.Trace && random.Next(60) > 0;
        var path = Path(operation, random) + Query(operation, random);
        return new FuzzRequest(
            number,
            method,
            path,
            api.Find(method, path),
            headers,
            hasBody ? bodies.Create(operation.Body!.Value, random) : null,
            random.Next(12) > 0 ? "application/json" : random.Next(4) > 0 ? EdgeCaseValues.Pick(random, ContentTypes) : null,
            random.Next(8) == 0,
            isRefused);
    }

    private string Path(Operation operation, Random random)
    {
        var path = operation.Path;
        foreach (var parameter in operation.Parameters.Where(parameter => parameter.In == "path"))
        {
            var value = random.Next(10) switch
            {
                < 5 => EdgeCaseValues.Pick(random, ids).ToString(),
                5 => new Guid([.. Enumerable.Range(0, 16).Select(_ => (byte)random.Next(256))]).ToString(),
                6 => new string('a', random.Next(1000, 9000)),
                _ => Escape(EdgeCaseValues.Text(random), random),
            };
            path = path.Replace($"{{{parameter.Name}}}", value, StringComparison.Ordinal);
        }

        return path;
    }

    private string Query(Operation operation, Random random)
    {
        var pairs = operation.Parameters
            .Where(parameter => parameter.In == "query")
            .SelectMany(parameter => Enumerable.Repeat(parameter, random.Next(10) switch { < 4 => 0, < 9 => 1, _ => 2 }))
            .Select(parameter => $"{parameter.Name}={QueryValue(random)}")
            .Concat(random.Next(20) == 0 ? [$"{Escape(EdgeCaseValues.Text(random), random)}={Escape(EdgeCaseValues.Text(random), random)}"] : [])
            .ToList();
        return pairs.Count == 0 ? "" : "?" + string.Join('&', pairs);
    }

    private string QueryValue(Random random) => random.Next(6) switch
    {
        0 => random.Next(1, 101).ToString(CultureInfo.InvariantCulture),
        1 => EdgeCaseValues.Pick(random, ids).ToString(),
        2 or 3 => EdgeCaseValues.Number(random),
        _ => Escape(EdgeCaseValues.Text(random), random),
    };

    // Some values stay unescaped as far as a request line allows, so a percent sign may form a random escape sequence.
    private static string Escape(string text, Random random) =>
        random.Next(3) == 0 && text.All(character => character is > ' ' and < '\u007f' and not ('#' or '?')) ? text : Uri.EscapeDataString(text);

    private static string[] Header(Parameter parameter, Operation operation, Random random) => random.Next(24) switch
    {
        0 => [],
        1 => [""],
        2 => [new string('k', 100)],
        3 => [new string('k', 101)],
        4 => [new string('k', 20_000)],
        5 => ["one", "two"],
        6 => ["the-same"],
        7 => [EdgeCaseValues.Text(random).ReplaceLineEndings("")],
        // Not for DELETE, which would delete all rows.
        < 12 when parameter is { Name: "If-Match", Example: { } example } && operation.Method != HttpMethod.Delete => [example],
        _ => [$"{random.NextInt64()}"],
    };
}
