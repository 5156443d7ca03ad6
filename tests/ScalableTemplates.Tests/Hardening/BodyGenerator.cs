using System.Globalization;
using System.Text;
using System.Text.Json;

namespace ScalableTemplates.Tests.Hardening;

/// <summary>Generates request bodies from a schema, ranging from valid ones to invalid JSON.</summary>
/// <param name="known">Valid JSON values for fields that the schema does not describe completely.</param>
internal sealed class BodyGenerator(ApiDescription api, IReadOnlyDictionary<string, string> known)
{
    public const int Limit = 1024 * 1024;

    private static readonly string[] Others = ["id", "status", "total", "customerId", "lines", "unitPrice", "reason", "$type", "$ref", "__proto__", "", "\\u0000", "EMAIL"];

    public byte[] Create(JsonElement schema, Random random) => random.Next(40) switch
    {
        0 => [],
        1 => Cut(Encode(schema, random, wrong: 0), random),
        2 => Flip(Encode(schema, random, wrong: 0), random),
        3 => Bytes(random),
        4 => [0xef, 0xbb, 0xbf, .. Encode(schema, random, wrong: 0)],
        5 => Encoding.UTF8.GetBytes(EdgeCaseValues.Nested(random.Next(1, 20_000))),
        6 => Encoding.UTF8.GetBytes(EdgeCaseValues.Json(random)),
        7 when random.Next(4) == 0 => Oversized(schema, random),
        < 18 => Encode(schema, random, wrong: 0),
        < 32 => Encode(schema, random, wrong: 0.15),
        _ => Encode(schema, random, wrong: 0.5),
    };

    private static byte[] Cut(byte[] body, Random random) => body[..random.Next(body.Length)];

    private static byte[] Flip(byte[] body, Random random)
    {
        body[random.Next(body.Length)] ^= (byte)(1 << random.Next(8));
        return body;
    }

    private static byte[] Bytes(Random random)
    {
        var bytes = new byte[random.Next(1, 500)];
        random.NextBytes(bytes);
        return bytes;
    }

    // Valid except for its length, so that nothing else can be the reason for a rejection.
    private byte[] Oversized(JsonElement schema, Random random) =>
        [.. Encode(schema, random, wrong: 0), .. Enumerable.Repeat((byte)' ', Limit + random.Next(1, Limit))];

    private byte[] Encode(JsonElement schema, Random random, double wrong)
    {
        var text = new StringBuilder();
        Write(text, "", api.Resolve(schema), random, wrong);
        return Encoding.UTF8.GetBytes(text.ToString());
    }

    private void Write(StringBuilder text, string name, JsonElement schema, Random random, double wrong)
    {
        // The whole value is invalid less often than its parts, which would otherwise never be reached.
        if (random.NextDouble() < (name.Length == 0 ? wrong / 10 : wrong))
        {
            text.Append(EdgeCaseValues.Json(random));
        }
        else if (known.TryGetValue(name, out var value))
        {
            text.Append(value);
        }
        else if (schema.TryGetProperty("properties", out var properties))
        {
            WriteObject(text, properties, random, wrong);
        }
        else if (schema.TryGetProperty("items", out var items))
        {
            text.Append('[');
            Write(text, "item", api.Resolve(items), random, wrong);
            for (var more = random.NextDouble() < wrong ? random.Next(150) : 0; more > 0; more--)
            {
                Write(text.Append(','), "item", api.Resolve(items), random, wrong);
            }

            text.Append(']');
        }
        else
        {
            text.Append(IsNumber(schema) ? random.Next(1, 100).ToString(CultureInfo.InvariantCulture) : JsonSerializer.Serialize(EdgeCaseValues.Text(random)));
        }
    }

    private void WriteObject(StringBuilder text, JsonElement properties, Random random, double wrong)
    {
        var fields = properties.EnumerateObject().Where(_ => random.NextDouble() >= wrong / 4).ToList();
        if (random.NextDouble() < wrong)
        {
            // A duplicate key.
            fields.AddRange(fields.Take(1));
        }

        text.Append('{');
        foreach (var (index, field) in fields.Index())
        {
            text.Append(index == 0 ? "" : ",").Append(JsonSerializer.Serialize(field.Name)).Append(':');
            Write(text, field.Name, api.Resolve(field.Value), random, wrong);
        }

        if (random.NextDouble() < wrong && fields.Count > 0)
        {
            text.Append(",\"").Append(EdgeCaseValues.Pick(random, Others)).Append("\":").Append(EdgeCaseValues.Json(random));
        }

        text.Append('}');
    }

    private static bool IsNumber(JsonElement schema) =>
        schema.TryGetProperty("type", out var type) && type.ToString() is var types
        && (types.Contains("number", StringComparison.Ordinal) || types.Contains("integer", StringComparison.Ordinal));
}
