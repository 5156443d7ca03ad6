using System.Text;

namespace Shop.Shared.Data;

public static class StringExtensions
{
    /// <summary>Makes untrusted text safe for a column or a header: removes NUL characters, replaces unpaired surrogates and truncates.</summary>
    public static string Sanitize(this string text, int maxLength)
    {
        var sanitized = new StringBuilder();
        // Enumerating runes replaces unpaired surrogates, which UTF-8 cannot encode.
        foreach (var rune in text.EnumerateRunes().Where(rune => rune.Value != 0))
        {
            if (sanitized.Length + rune.Utf16SequenceLength > maxLength)
            {
                break;
            }

            sanitized.Append(rune);
        }

        return sanitized.ToString();
    }
}
