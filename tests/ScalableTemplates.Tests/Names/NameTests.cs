using ScalableTemplates.Tests.Infrastructure;

namespace ScalableTemplates.Tests.Names;

/// <summary>Any name of a solution results in a valid namespace, assembly, file and container name.</summary>
public sealed class NameTests
{
    private static readonly Lazy<Task<Dictionary<string, string>>> Faults = new(BuildAsync);

    private static readonly Dictionary<string, TemplateOptions> Outputs = new()
    {
        ["my-shop"] = TemplateOptions.Single,
        ["Program"] = TemplateOptions.Single,
        ["Contoso.1Shop.Task"] = TemplateOptions.Single,
        ["日本.class"] = TemplateOptions.Single,
        ["😀"] = TemplateOptions.Single,
        ["Path.Activity.My Shop 1.x & 'Co', [#1]"] = TemplateOptions.Services.With(Dimension.Orchestrator, "none"),
    };

    public static TheoryData<string> Names() => [.. Outputs.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task Output_builds_with_any_name(string name) => Build.AssertSucceeded((await Faults.Value)[name]);

    [Theory]
    [InlineData("Shop & Co")]
    [InlineData(".Shop")]
    [InlineData("1Shop")]
    [InlineData("System")]
    public async Task Output_with_an_unusual_name_is_well_formed(string name)
    {
        var tree = FileTree.Read(await Scaffold.CreateAsync(TemplateOptions.Services, name));

        Findings.AssertNone(tree.Files.Select(file => Syntax.ErrorIn(file.Key, file.Value) is { } error ? $"{file.Key}: {error}" : null).OfType<string>());
    }

    private static async Task<Dictionary<string, string>> BuildAsync()
    {
        var faults = await Build.RunAsync(await Task.WhenAll(Outputs.Select(output => Scaffold.CreateAsync(output.Value, output.Key))));
        return Outputs.Keys.Zip(faults).ToDictionary();
    }
}
