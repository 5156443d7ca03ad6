using System.Text.RegularExpressions;
using ScalableTemplates.Tests.Infrastructure;
using ScalableTemplates.Tests.Invariants;
using ScalableTemplates.Tests.Linting;

namespace ScalableTemplates.Tests.Names;

/// <summary>The namespace of a solution must not hide a type that the code uses.</summary>
[Collection(nameof(AllOutputs))]
public sealed partial class HiddenTypeTests(AllOutputs all)
{
    private const string UpdateVariable = "UPDATE_USED_TYPES";

    // The namespace of the outputs, and those of generated and system types.
    private static readonly string[] Namespaces = ["Shop", "Projects", "System"];

    private static string Definition => Path.Combine(Repo.TemplateConfig, "template.json");

    [Fact]
    public void Namespace_form_changes_every_name_that_would_hide_a_type()
    {
        var used = UsedTypes
            .In(all.Outputs.SelectMany(output => output.Files).Where(file => file.Key.EndsWith(".cs", StringComparison.Ordinal)).Distinct())
            .Except(Namespaces).Order(StringComparer.Ordinal).ToList();
        if (Environment.GetEnvironmentVariable(UpdateVariable) == "1")
        {
            File.WriteAllText(Definition, Alternatives().Replace(File.ReadAllText(Definition), $"$1{string.Join('|', used)}$3"));
        }

        var changed = Alternatives().Match(File.ReadAllText(Definition)).Groups[2].Value.Split('|');

        Assert.True(used.Count > 100);
        Findings.AssertNone(used.Except(changed).Select(name => $"{name} is used but not among the alternatives of 'usedType' in template.json; {UpdateVariable}=1 adds it")
            .Concat(changed.Except(used).Select(name => $"{name} is among the alternatives of 'usedType' in template.json but not used; {UpdateVariable}=1 removes it")));
    }

    [Theory]
    [InlineData("Shop", "Shop")]
    [InlineData("Task", "TaskApp")]
    [InlineData("Contoso.Path.Shop", "Contoso.PathApp.Shop")]
    [InlineData("Program", "ProgramApp")]
    [InlineData("class", "classApp")]
    [InlineData("nameof", "nameofApp")]
    [InlineData("System", "SystemApp")]
    [InlineData("日本", "日本")]
    [InlineData("_", "App")]
    [InlineData("Contoso.__", "Contoso.App")]
    public void Name_becomes_a_namespace(string name, string expected)
    {
        var forms = TemplateSource.Definition["forms"]!;
        var actual = forms["safeNamespace"]!["steps"]!.AsArray().Select(step => forms[(string)step!]!)
            .Where(form => (string)form["identifier"]! == "replace")
            .Aggregate(name, (text, form) => Regex.Replace(text, (string)form["pattern"]!, (string)form["replacement"]!));

        Assert.Equal(expected, actual);
    }

    [GeneratedRegex(@"(""usedType"": .*?\|\\\\\.\)\()([^)]*)(\))")]
    private static partial Regex Alternatives();
}
