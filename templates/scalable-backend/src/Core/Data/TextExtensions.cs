using System.Text;

namespace ScalableBackend.Core.Data;

public static class TextExtensions
{
    /// <summary>Makes a text from outside fit a column or a header: without what cannot be stored, and shortened.</summary>
    public static string ToStorable(this string text, int maxLength)
    {
        var storable = new StringBuilder();
        // Enumerating runes replaces halves of surrogate pairs, which UTF-8 does not have.
        foreach (var rune in text.EnumerateRunes().Where(rune => rune.Value != 0))
        {
            if (storable.Length + rune.Utf16SequenceLength > maxLength)
            {
                break;
            }

            storable.Append(rune);
        }

        return storable.ToString();
    }
}
