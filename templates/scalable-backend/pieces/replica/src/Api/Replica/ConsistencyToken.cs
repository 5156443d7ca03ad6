using System.Buffers;
using System.Buffers.Binary;
using System.Buffers.Text;
using NpgsqlTypes;

namespace ScalableBackend.Api.Replica;

/// <summary>A position in the write-ahead log that means nothing to callers: who sends it along reads at least the state there.</summary>
internal readonly record struct ConsistencyToken(NpgsqlLogSequenceNumber Position)
{
    public const string Header = "Consistency-Token";

    /// <summary>Past any state that a standby can have, so reads with it go to the primary.</summary>
    public static readonly NpgsqlLogSequenceNumber Unknown = new(ulong.MaxValue);

    /// <returns>Null if the request has none.</returns>
    /// <exception cref="BadHttpRequestException">It has one that this API did not make.</exception>
    public static ConsistencyToken? Of(HttpRequest request)
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
        BinaryPrimitives.WriteUInt64BigEndian(bytes, (ulong)Position);
        return Base64Url.EncodeToString(bytes);
    }

    private static BadHttpRequestException Malformed() => new($"The header {Header} has to be a token from an earlier response, unchanged.");
}
