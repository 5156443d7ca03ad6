namespace ApiFloor;

/// <summary>Says yes to every export by gRPC.</summary>
internal static class Sink
{
    // Not compressed, and of no bytes: a message without any field.
    private static readonly byte[] Empty = new byte[5];

    public static async Task TakeAsync(HttpContext context)
    {
        await context.Request.Body.CopyToAsync(Stream.Null, context.RequestAborted);
        context.Response.ContentType = "application/grpc";
        await context.Response.Body.WriteAsync(Empty, context.RequestAborted);
        context.Response.AppendTrailer("grpc-status", "0");
    }
}
