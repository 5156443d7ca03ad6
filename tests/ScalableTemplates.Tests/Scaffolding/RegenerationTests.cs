using System.Text.Json;
using ScalableTemplates.Tests.Builds;
using ScalableTemplates.Tests.Infrastructure;

namespace ScalableTemplates.Tests.Scaffolding;

/// <summary>scalable.json records everything that determines the output, so generation is reproducible.</summary>
public sealed class RegenerationTests
{
    [Fact]
    public async Task Recorded_options_reproduce_the_output_in_every_row_of_the_covering_array()
    {
        var engine = await Engine.StartAsync();
        foreach (var row in CoveringArray.Rows)
        {
            var first = await engine.CreateAsync(row);
            var options = RecordedOptions(first).ToDictionary(option => option.Name, option => option.Value.ToString());

            var second = await engine.CreateAsync(options, "Shop");

            Assert.Equal(first.Files, second.Files);
        }
    }

    [Theory]
    [InlineData("services")]
    [InlineData("single")]
    [InlineData("cluster")]
    public async Task Recorded_options_are_valid_on_the_command_line(string stage)
    {
        var hive = await Hive.FromPackageAsync();
        var first = Path.Combine(TempFolder.Create("first"), "Shop");
        (await Scaffold.RunAsync(hive, first, "Shop", "--stage", stage)).EnsureSuccess();
        var options = RecordedOptions(FileTree.Read(first))
            .Where(option => option.Value.ValueKind != JsonValueKind.False)
            .SelectMany(option => option.Value.ValueKind == JsonValueKind.True ? ["--" + option.Name] : new[] { "--" + option.Name, option.Value.ToString() });

        var second = Path.Combine(TempFolder.Create("second"), "Shop");
        (await Scaffold.RunAsync(hive, second, "Shop", [.. options])).EnsureSuccess();

        Assert.Equal(FileTree.Read(first).Files, FileTree.Read(second).Files);
    }

    private static List<JsonProperty> RecordedOptions(FileTree tree) =>
        [.. JsonDocument.Parse(tree.Files["scalable.json"]).RootElement.GetProperty("options").EnumerateObject()];
}
