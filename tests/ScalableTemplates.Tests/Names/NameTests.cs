using ScalableTemplates.Tests.Infrastructure;

namespace ScalableTemplates.Tests.Names;

/// <summary>Any name of a solution results in a valid namespace, assembly, file and container name.</summary>
public sealed class NameTests
{
    [Theory]
    [InlineData("my-shop")]
    [InlineData("Program")]
    [InlineData("Contoso.1Shop.Task")]
    [InlineData("日本.class")]
    [InlineData("😀")]
    public async Task Output_builds_with_any_name(string name) =>
        await Build.AssertSucceedsAsync(await Scaffold.CreateAsync(TemplateOptions.Single, name));

    [Fact]
    public async Task Services_stage_builds_with_a_difficult_name() =>
        await Build.AssertSucceedsAsync(await Scaffold.CreateAsync(TemplateOptions.Services.With(Dimension.Orchestrator, "none"), "Path.Activity.My Shop 1.x & 'Co', [#1]"));

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
}
