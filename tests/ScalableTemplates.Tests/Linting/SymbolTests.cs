using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using ScalableTemplates.Tests.Infrastructure;

namespace ScalableTemplates.Tests.Linting;

public sealed class SymbolTests
{
    private static readonly IEnumerable<string> Parameters = TemplateSource.OfType("parameter");

    [Fact]
    public void Every_symbol_has_an_effect()
    {
        // Parameters and forms are used by other symbols, computed symbols also by conditions; all others replace a token.
        var definition = TemplateSource.Definition.ToJsonString();
        var content = string.Join('\n', TemplateSource.Content.SelectMany(file => Marker.In(file.Key, file.Value)).Select(marker => marker.Condition));

        Findings.AssertNone(TemplateSource.Symbols
            .Where(symbol => symbol.Value["replaces"] is null)
            .Select(symbol => symbol.Key)
            .Where(name => Mentions(definition, name) < 2 && Mentions(content, name) == 0));
    }

    [Fact]
    public void Every_default_is_one_of_the_choices() =>
        Findings.AssertNone(
            from name in Parameters
            let symbol = TemplateSource.Symbols[name]
            where symbol["choices"] is JsonArray choices
                && !choices.Any(choice => (string?)choice!["choice"] == (string?)symbol["defaultValue"])
            select name);

    [Fact]
    public void Every_description_is_a_sentence() =>
        Findings.AssertNone(
            from name in Parameters
            let symbol = TemplateSource.Symbols[name]
            from text in (symbol["choices"]?.AsArray() ?? []).Select(choice => (string?)choice!["description"]).Append((string?)symbol["description"])
            where text is null || !text.EndsWith('.')
            select $"{name}: {text}");

    [Fact]
    public void Every_replaced_token_occurs()
    {
        var content = string.Join('\n', TemplateSource.Content.SelectMany(file => new[] { file.Key, file.Value }));

        Findings.AssertNone(TemplateSource.Symbols
            .Select(symbol => (string?)symbol.Value["replaces"])
            .Append((string?)TemplateSource.Definition["sourceName"])
            .Where(token => token is not null && !content.Contains(token, StringComparison.Ordinal)));
    }

    [Fact]
    public void Every_identifier_in_the_content_is_replaced_by_a_fresh_one()
    {
        var replaced = TemplateSource.Symbols.Select(symbol => (string?)symbol.Value["replaces"]).ToHashSet();

        Findings.AssertNone(
            from file in TemplateSource.Content
            from Match match in Regex.Matches(file.Value, @"\b[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\b")
            // Ids of sample rows are the same in every output, as Api.http uses them.
            where !match.Value.StartsWith("016f5e66-e800-7000-8000-", StringComparison.Ordinal)
            where !replaced.Contains(match.Value)
            select $"{file.Key}: {match.Value}");
    }

    [Fact]
    public void Every_value_transform_is_a_declared_form()
    {
        var forms = TemplateSource.Definition["forms"]!.AsObject();
        var used = TemplateSource.Symbols.Values.Select(symbol => (string?)symbol["valueTransform"])
            .Concat(forms.SelectMany(form => form.Value!["steps"]?.AsArray().Select(step => (string?)step) ?? []))
            .OfType<string>()
            .ToHashSet();

        Findings.AssertNone(used.Except(forms.Select(form => form.Key)));
        Findings.AssertNone(forms.Select(form => form.Key).Except(used));
    }

    [Fact]
    public void Every_option_has_a_long_name_and_no_short_one()
    {
        var host = TemplateSource.CliHost["symbolInfo"]!.AsObject();

        Assert.Equal(Parameters, host.Select(entry => entry.Key));
        Assert.All(host, entry =>
        {
            Assert.Matches("^[a-z]+(-[a-z]+)*$", (string?)entry.Value!["longName"]);
            Assert.Equal("", (string?)entry.Value!["shortName"]);
        });
    }

    [Fact]
    public void Every_option_that_shapes_the_output_is_visible_in_editors()
    {
        var ids = TemplateSource.IdeHost["symbolInfo"]!.AsArray().Where(entry => (bool)entry!["isVisible"]!).Select(entry => (string)entry!["id"]!);
        var host = TemplateSource.CliHost["symbolInfo"]!.AsObject();

        Assert.Equal(Dimension.All.Select(dimension => dimension.Name), ids.Select(id => (string)host[id]!["longName"]!));
    }

    [Fact]
    public async Task Options_table_of_the_readme_is_that_of_the_template()
    {
        var rows = (await File.ReadAllLinesAsync(Path.Combine(Repo.Root, "README.md"))).Where(line => line.StartsWith("| `--", StringComparison.Ordinal)).ToList();
        var expected =
            from dimension in Dimension.All
            where !dimension.IsFlag && dimension != Dimension.Stage
            let values = string.Join(", ", dimension.Values.Select(value => $"`{value}`"))
            select $"| `--{dimension.Name}` | {values} | `{TemplateOptions.Services.Explicit()[dimension]}` | `{TemplateOptions.Single.Explicit()[dimension]}` | `{TemplateOptions.Cluster.Explicit()[dimension]}` |";

        Findings.AssertNone(expected.Except(rows));
        Assert.Equal(
            [.. Dimension.All.Select(dimension => dimension.Name), "no-restore"],
            rows.Select(row => row.Split('`')[1][2..]));
    }

    private static int Mentions(string text, string name) => Regex.Count(text, $@"\b{Regex.Escape(name)}\b");
}
