using System.Text.RegularExpressions;

namespace ScalableBackend.Api;

internal static partial class NullCharacterExtensions
{
    /// <summary>
    /// Refuses U+0000, which not every database stores, in query strings and buffered JSON bodies; the server does so for paths and
    /// headers.
    /// </summary>
    public static void UseNullCharacterCheck(this WebApplication app) => app.Use(async (context, next) =>
    {
        if (context.Request.QueryString.Value?.Contains("%00", StringComparison.Ordinal) is true
            || (context.Request.Body.CanSeek && context.Request.HasJsonContentType() && await IsInBodyAsync(context.Request, context.RequestAborted)))
        {
            throw new BadHttpRequestException("The character U+0000 is not allowed.");
        }

        await next(context);
    });

    private static async Task<bool> IsInBodyAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        using var reader = new StreamReader(request.Body, leaveOpen: true);
        var json = await reader.ReadToEndAsync(cancellationToken);
        request.Body.Position = 0;
        return EscapedNull().IsMatch(json);
    }

    // JSON has it only as an escape sequence, whose backslash is not escaped itself.
    [GeneratedRegex(@"(?<!\\)(?:\\\\)*\\u0000")]
    private static partial Regex EscapedNull();
}
