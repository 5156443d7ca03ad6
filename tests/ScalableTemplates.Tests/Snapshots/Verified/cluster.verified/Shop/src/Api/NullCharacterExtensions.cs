using System.Text.RegularExpressions;

namespace Shop.Api;

internal static partial class NullCharacterExtensions
{
    /// <summary>
    /// Rejects U+0000, which not every database can store, in query strings and buffered JSON bodies; the server rejects it in paths
    /// and headers.
    /// </summary>
    public static void UseNullCharacterCheck(this WebApplication app) => app.Use(async (context, next) =>
    {
        if (context.Request.QueryString.Value?.Contains("%00", StringComparison.Ordinal) is true
            || (context.Request.Body.CanSeek && context.Request.HasJsonContentType() && await BodyContainsNullAsync(context.Request, context.RequestAborted)))
        {
            throw new BadHttpRequestException("The character U+0000 is not allowed.");
        }

        await next(context);
    });

    private static async Task<bool> BodyContainsNullAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        using var reader = new StreamReader(request.Body, leaveOpen: true);
        var json = await reader.ReadToEndAsync(cancellationToken);
        request.Body.Position = 0;
        return EscapedNull().IsMatch(json);
    }

    // In JSON, U+0000 is valid only as an escape sequence. After an escaped backslash, u0000 is plain text.
    [GeneratedRegex(@"(?<!\\)(?:\\\\)*\\u0000")]
    private static partial Regex EscapedNull();
}
