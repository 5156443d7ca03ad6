using System.Text;

namespace ScalableBackend.Shared.Data;

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

    /// <summary>From what was tried to why it failed, such as at which address.</summary>
    public static string Describe(this Exception exception) =>
        exception.InnerException?.Describe() is { } cause && !exception.Message.Contains(cause, StringComparison.Ordinal)
            ? $"{exception.Message}: {cause}"
            : exception.Message;
}
