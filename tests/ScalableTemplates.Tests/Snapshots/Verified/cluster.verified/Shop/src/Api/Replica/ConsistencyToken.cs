using System.Buffers;
using System.Buffers.Binary;
using System.Buffers.Text;
using NpgsqlTypes;

namespace Shop.Api.Replica;

/// <summary>A WAL position (LSN), opaque to callers. A read request that sends it back sees at least the state at that position: read-your-writes.</summary>
internal readonly record struct ConsistencyToken(NpgsqlLogSequenceNumber Lsn)
{
    public const string Header = "Consistency-Token";

    /// <summary>Beyond any position that a standby can replay, so that reads go to the primary.</summary>
    public static readonly NpgsqlLogSequenceNumber Unknown = new(ulong.MaxValue);

    /// <returns>The token of the request, or null if it has none.</returns>
    /// <exception cref="BadHttpRequestException">The token was not issued by this API.</exception>
    public static ConsistencyToken? FromRequest(HttpRequest request)
    {
        if (request.Headers[Header] is not [{ Length: > 0 } text])
        {
            return request.Headers.ContainsKey(Header) ? throw Malformed() : null;
        }

        Span<byte> bytes = stackalloc byte[sizeof(ulong)];
        var status = Base64Url.DecodeFromChars(text, bytes, out _, out var written);
        return status == OperationStatus.Done && written == bytes.Length
            ? new(new NpgsqlLogSequenceNumber(BinaryPrimitives.ReadUInt64BigEndian(bytes)))
            : throw Malformed();
    }

    public override string ToString()
    {
        Span<byte> bytes = stackalloc byte[sizeof(ulong)];
        BinaryPrimitives.WriteUInt64BigEndian(bytes, (ulong)Lsn);
        return Base64Url.EncodeToString(bytes);
    }

    private static BadHttpRequestException Malformed() => new($"The header {Header} must be the unchanged token of an earlier response.");
}
