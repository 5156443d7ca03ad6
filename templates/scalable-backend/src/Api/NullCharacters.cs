namespace ScalableBackend.Api;

internal static class NullCharacters
{
    /// <summary>Refuses U+0000, which not every database stores, wherever text comes from; the server does so for paths and headers. After the body is buffered.</summary>
    public static void UseNullCharacterCheck(this WebApplication app) => app.Use((context, next) =>
        context.Request.QueryString.Value?.Contains("%00", StringComparison.Ordinal) is true
        || (context.Request.Body is MemoryStream body && context.Request.HasJsonContentType() && IsIn(body.GetBuffer().AsSpan(0, (int)body.Length)))
            ? throw new BadHttpRequestException("The character U+0000 is not allowed.")
            : next(context));

    // JSON has it only as an escape sequence, whose backslash is not escaped itself.
    private static bool IsIn(ReadOnlySpan<byte> json)
    {
        var escape = "\\u0000"u8;
        for (int at; (at = json.IndexOf(escape)) >= 0; json = json[(at + escape.Length)..])
        {
            if ((at - json[..at].LastIndexOfAnyExcept((byte)'\\')) % 2 == 1)
            {
                return true;
            }
        }

        return false;
    }
}
