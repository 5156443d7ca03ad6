using System.Text.RegularExpressions;
using ScalableTemplates.Tests.Infrastructure;

namespace ScalableTemplates.Tests.Invariants;

[Collection(nameof(AllOutputs))]
public sealed partial class TextTests(AllOutputs all)
{
    // Without a final newline, as 'dotnet user-jwts' writes it.
    private const string WithoutFinalNewline = "src/Api/appsettings.Development.json";

    public static TheoryData<string> Pieces() => [.. OmittedPiece.All.Select(piece => piece.Name)];

    [Fact]
    public void No_template_marker_or_token_remains() =>
        Findings.AssertNone(all.InEachFile((path, text) => Leftover().Matches(path + '\n' + text).Select(match => match.Value)));

    [Theory]
    [MemberData(nameof(Pieces))]
    public void No_word_of_an_omitted_piece_remains(string name)
    {
        var piece = OmittedPiece.All.Single(piece => piece.Name == name);

        Findings.AssertNone(
            from output in all.Outputs
            where piece.IsOmitted(output.Options)
            from file in output.Files
            from words in piece.WordsIn(file.Key, file.Value)
            select words);
    }

    [Fact]
    public void Files_end_with_one_newline_and_have_no_double_blank_lines() =>
        Findings.AssertNone(all.InEachFile((path, text) => Untidy(path, text)));

    [Fact]
    public void No_file_holds_a_secret() =>
        Findings.AssertNone(all.InEachFile((_, text) => Secret().Matches(text).Select(match => match.Value)));

    [Fact]
    public void No_password_has_a_default() =>
        Findings.AssertNone(all.InEachFile((_, text) => DefaultPassword().Matches(text).Select(match => match.Value)));

    private static IEnumerable<string> Untidy(string path, string text)
    {
        if (text.EndsWith('\n') == (path == WithoutFinalNewline) || text.EndsWith("\n\n", StringComparison.Ordinal))
        {
            yield return path == WithoutFinalNewline ? "ends with a newline" : "does not end with one newline";
        }

        if (text.StartsWith('\n') || DoubleBlankLine().Match(text) is { Success: true })
        {
            yield return "has a blank line too many";
        }

        if (text.Contains('\r', StringComparison.Ordinal) || text.StartsWith('\uFEFF'))
        {
            yield return "has a carriage return or a byte order mark";
        }

        if (!path.EndsWith(".md", StringComparison.Ordinal) && TrailingSpace().IsMatch(text))
        {
            yield return "has spaces at the end of a line";
        }

        if (path.EndsWith(".cs", StringComparison.Ordinal) && BlankLineInsideBraces().Match(text) is { Success: true } match)
        {
            yield return $"has a blank line next to a brace: {match.Value.Trim()}";
        }
    }

    [GeneratedRegex(@"#(if|elif|else|endif)\b(?!-)|<!--\s*#|cnd:noEmit|Scalable-Backend|ScalableBackend|Scalable_Backend|scalable_backend|template-dns-name|0\.0\.0-pack|\b\d{1,2}987\b")]
    private static partial Regex Leftover();

    [GeneratedRegex(@"\n[ \t]*\n[ \t]*\n")]
    private static partial Regex DoubleBlankLine();

    [GeneratedRegex(@"[ \t]+(\n|$)")]
    private static partial Regex TrailingSpace();

    [GeneratedRegex(@"\{\n\n|\n\n[ \t]*\}.*")]
    private static partial Regex BlankLineInsideBraces();

    // Literals in code or JSON, parts of connection strings, lines of YAML or of environment files, and keys of known formats.
    [GeneratedRegex(@"(?im)\b\w*(password|pwd|secret|api-?key|token)""?\s*[:=]\s*""(?!change|yours)[^""\s{$<]{4,}""|\b(password|pwd)=(?!change|yours)[^\s""';{$<]{3,}|^\s*(?!automount)\w*(PASSWORD|SECRET|TOKEN|KEY)\w*\s*[:=]\s*(?!change|yours)[\w+/!@#%^*-]{4,}\s*$|-----BEGIN|AKIA[0-9A-Z]{16}|eyJ[\w-]{20,}|\b[A-Za-z0-9+/]{43}=")]
    private static partial Regex Secret();

    // Compose variables with a default, literal passwords of images, Aspire parameters with a value, servers without authentication,
    // and credentials in URLs other than those of examples.
    [GeneratedRegex(@"(?im)\$\{\w*(PASS|SECRET|TOKEN|KEY)\w*:?-[^}]+\}|^[ \t]*\w*PASS(WORD)?\w*[ \t]*[:=][ \t]*(?!\$\{)[^\s;(]+[ \t]*$|AddParameter\(\s*""[^""]*(password|secret|key|token)[^""]*"",\s*(value:\s*)?""|HOST_AUTH_METHOD|ALLOW_EMPTY|guest:guest|://(?!user:password@|\w+:YOURS@)[^\s/:@<>""{}$]+:[^\s/:@<>""{}$]+@")]
    private static partial Regex DefaultPassword();
}
