namespace ApiBaseline;

/// <summary>Accepts every OTLP export over gRPC and discards it.</summary>
internal static class Sink
{
    // A gRPC frame with an uncompressed, empty message.
    private static readonly byte[] Empty = new byte[5];

    public static async Task AcceptAsync(HttpContext context)
    {
        await context.Request.Body.CopyToAsync(Stream.Null, context.RequestAborted);
        context.Response.ContentType = "application/grpc";
        await context.Response.Body.WriteAsync(Empty, context.RequestAborted);
        context.Response.AppendTrailer("grpc-status", "0");
    }
}
