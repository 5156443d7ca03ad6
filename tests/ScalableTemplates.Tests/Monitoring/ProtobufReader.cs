using System.Buffers.Binary;
using System.Text;

namespace ScalableTemplates.Tests.Monitoring;

/// <summary>A field of an encoded protobuf message, read without a schema.</summary>
internal readonly record struct ProtobufField(int Number, ulong Bits, ReadOnlyMemory<byte> Bytes)
{
    public string Text => Encoding.UTF8.GetString(Bytes.Span);

    public double Double => BitConverter.UInt64BitsToDouble(Bits);

    public long Integer => unchecked((long)Bits);

    public IEnumerable<ProtobufField> Fields => ReadAll(Bytes);

    /// <summary>The values of a packed repeated field of 64-bit numbers.</summary>
    public ulong[] Packed
    {
        get
        {
            var values = new ulong[Bytes.Length / sizeof(ulong)];
            foreach (var index in Enumerable.Range(0, values.Length))
            {
                values[index] = BinaryPrimitives.ReadUInt64LittleEndian(Bytes.Span[(index * sizeof(ulong))..]);
            }

            return values;
        }
    }

    public static IEnumerable<ProtobufField> ReadAll(ReadOnlyMemory<byte> message)
    {
        while (!message.IsEmpty)
        {
            var (key, rest) = ReadVarint(message);
            var number = (int)(key >> 3);
            switch (key & 7)
            {
                case 0:
                    (var value, message) = ReadVarint(rest);
                    yield return new ProtobufField(number, value, default);
                    break;
                case 1:
                    yield return new ProtobufField(number, BinaryPrimitives.ReadUInt64LittleEndian(rest.Span), default);
                    message = rest[8..];
                    break;
                case 2:
                    (var length, rest) = ReadVarint(rest);
                    yield return new ProtobufField(number, 0, rest[..(int)length]);
                    message = rest[(int)length..];
                    break;
                case 5:
                    yield return new ProtobufField(number, BinaryPrimitives.ReadUInt32LittleEndian(rest.Span), default);
                    message = rest[4..];
                    break;
                case var type:
                    throw new InvalidDataException($"Wire type {type}");
            }
        }
    }

    private static (ulong Value, ReadOnlyMemory<byte> Remainder) ReadVarint(ReadOnlyMemory<byte> bytes)
    {
        var value = 0UL;
        for (var index = 0; ; index++)
        {
            var next = bytes.Span[index];
            value |= (ulong)(next & 0x7F) << (7 * index);
            if (next < 0x80)
            {
                return (value, bytes[(index + 1)..]);
            }
        }
    }
}
