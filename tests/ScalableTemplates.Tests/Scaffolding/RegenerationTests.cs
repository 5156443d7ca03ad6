using System.Text.Json;
using ScalableTemplates.Tests.Builds;
using ScalableTemplates.Tests.Infrastructure;

namespace ScalableTemplates.Tests.Scaffolding;

/// <summary>scalable.json holds all that decides the output: whoever repeats it gets the same bytes.</summary>
public sealed class RegenerationTests
{
    [Fact]
    public async Task Recorded_answers_give_the_same_bytes_in_every_row_of_the_covering_array()
    {
        var engine = await Engine.StartAsync();
        foreach (var row in CoveringArray.Rows)
        {
            var first = await engine.CreateAsync(row);
            var answers = Answers(first).ToDictionary(answer => answer.Name, answer => answer.Value.ToString());

            var second = await engine.CreateAsync(answers, "Shop");

            Assert.Equal(first.Files, second.Files);
        }
    }

    [Theory]
    [InlineData("services")]
    [InlineData("single")]
    public async Task Recorded_answers_are_options_of_the_command_line(string stage)
    {
        var hive = await Hive.FromPackageAsync();
        var first = Path.Combine(TempFolder.Create("first"), "Shop");
        (await Scaffold.RunAsync(hive, first, "Shop", "--stage", stage)).EnsureSuccess();
        var answers = Answers(FileTree.Read(first))
            .Where(answer => answer.Value.ValueKind != JsonValueKind.False)
            .SelectMany(answer => answer.Value.ValueKind == JsonValueKind.True ? ["--" + answer.Name] : new[] { "--" + answer.Name, answer.Value.ToString() });

        var second = Path.Combine(TempFolder.Create("second"), "Shop");
        (await Scaffold.RunAsync(hive, second, "Shop", [.. answers])).EnsureSuccess();

        Assert.Equal(FileTree.Read(first).Files, FileTree.Read(second).Files);
    }

    private static List<JsonProperty> Answers(FileTree tree) =>
        [.. JsonDocument.Parse(tree.Files["scalable.json"]).RootElement.GetProperty("options").EnumerateObject()];
}
