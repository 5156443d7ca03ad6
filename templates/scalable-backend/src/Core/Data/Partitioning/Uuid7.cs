using System.Buffers.Binary;

namespace ScalableBackend.Core.Data.Partitioning;

public static class Uuid7
{
    /// <summary>The smallest UUIDv7 of that moment: ids made before are smaller, ids made from then on are not.</summary>
    public static Guid MinAt(DateTimeOffset time)
    {
        // The first 48 bits are the time in milliseconds: RFC 9562, section 5.7.
        Span<byte> bytes = stackalloc byte[16];
        BinaryPrimitives.WriteInt64BigEndian(bytes, time.ToUnixTimeMilliseconds() << 16);
        return new Guid(bytes, bigEndian: true);
    }
}
