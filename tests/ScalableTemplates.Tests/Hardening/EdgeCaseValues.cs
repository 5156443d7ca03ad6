using System.Globalization;
using System.Text.Json;

namespace ScalableTemplates.Tests.Hardening;

/// <summary>Edge-case and malformed values.</summary>
internal static class EdgeCaseValues
{
    private static readonly string[] Texts =
    [
        "", " ", "\t", "\0", "a\0b@example.com", "ada@example.com\r\nBcc: eve@example.com", "\u0001\u001b[31m\u007f", "null", "undefined", "NaN", "-1", "0x10",
        "true", "[]", "{}", "../../etc/passwd", "..%2f..%2f", "%00", "%", "%zz", "'; DROP TABLE orders; --", "\" OR \"\"=\"", "<script>alert(1)</script>",
        "{{7*7}}", "${jndi:ldap://127.0.0.1/x}", "%s%s%n", "\ud83d\ude00", "e\u0301\u202e\u200b\ufeff", "\uffff\ufffe", "ⅷ", "İı", "ﷺ",
        "00000000-0000-0000-0000-000000000000", "ffffffff-ffff-ffff-ffff-ffffffffffff", "(00000000-0000-0000-0000-000000000000)",
        "a b@example.com", "a@b", "@", "a@", "@b", "a..b@c", ".a@b", "a@b..c", "<a@b>", "Ada <ada@example.com>", "a@b,c", "group: a@b;", "\"quoted\"@b", "a@[127.0.0.1]", "ä@exämple.com", "a@b\0",
    ];

    private static readonly string[] Numbers =
    [
        "0", "-0", "-1", "1", "0.1", "1.0", "1e2", "1001", "2147483647", "2147483648", "-2147483649", "9223372036854775808", "1e308", "1e309", "-1e400", "1e-400",
        "0.000000000000000000000000000000001", "79228162514264337593543950335", "79228162514264337593543950336", "12345678901234567890123456789012345678901234567890",
        "0.005", "999999.999", "1000000.01",
    ];

    // Malformed JSON or undecodable text, except for the last few.
    private static readonly string[] Tokens =
        ["", "tru", "NaN", "Infinity", "01", "+1", ".5", "1.", "'x'", "\"", "\"\\x\"", "\"\\ud800\"", "\"\\u12\"", "/* */ 1", "null", "true", "false", "[]", "{}", "[null]", "[[]]", "[{}]", "\"\\u0000\""];

    public static string Text(Random random) => random.Next(12) switch
    {
        0 => new string('x', random.Next(30, 400)),
        1 => new string((char)random.Next(1, 0xd800), random.Next(1, 60)),
        _ => Pick(random, Texts),
    };

    public static string Number(Random random) =>
        random.Next(4) == 0 ? random.NextInt64(long.MinValue, long.MaxValue).ToString(CultureInfo.InvariantCulture) : Pick(random, Numbers);

    /// <returns>Text in place of a JSON value; sometimes malformed, sometimes a value of another type.</returns>
    public static string Json(Random random) => random.Next(12) switch
    {
        0 => Pick(random, Tokens),
        1 or 2 => Number(random),
        3 => Nested(random.Next(1, 200)),
        4 => JsonSerializer.Serialize(new string('é', random.Next(1, 50_000)) + Pick(random, ["", "@", "@b"])),
        5 or 6 => "null",
        7 => "\"\\u0000\"",
        8 => $"[{string.Join(',', Enumerable.Repeat(Pick(random, Tokens), random.Next(0, 300)))}]",
        _ => JsonSerializer.Serialize(Text(random)),
    };

    public static string Nested(int depth) => new string('[', depth) + new string(']', depth);

    public static T Pick<T>(Random random, IReadOnlyList<T> values) => values[random.Next(values.Count)];
}
