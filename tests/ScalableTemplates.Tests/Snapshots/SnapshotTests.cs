using System.Collections.Concurrent;
using ScalableTemplates.Tests.Infrastructure;
using static VerifyXunit.Verifier;

namespace ScalableTemplates.Tests.Snapshots;

/// <summary>Snapshots of the output: the files of each stage, and the difference that each option makes.</summary>
public sealed class SnapshotTests
{
    private const string Folder = "Verified";

    // Each stage is what many outputs are compared with.
    private static readonly ConcurrentDictionary<string, Lazy<Task<FileTree>>> Stages = new();

    private static readonly Lazy<Task<Engine>> SharedEngine = new(Engine.StartAsync);

    public static TheoryData<string, string, string> SingleOptions()
    {
        var data = new TheoryData<string, string, string>();
        foreach (var stage in new[] { TemplateOptions.Services, TemplateOptions.Single })
        {
            foreach (var dimension in Dimension.All.Where(dimension => dimension != Dimension.Stage))
            {
                foreach (var value in dimension.Values.Where(value => value != stage.Explicit()[dimension]))
                {
                    data.Add(stage[Dimension.Stage], dimension.Name, value);
                }
            }
        }

        return data;
    }

    [Theory]
    [InlineData("services")]
    [InlineData("single")]
    [InlineData("cluster")]
    public async Task Output_of_a_stage_matches_its_snapshot(string stage)
    {
        // Verify cannot name a file of the root that has an extension only, such as .editorconfig.
        var root = TempFolder.Create("stage");
        await (await CreateStageAsync(stage)).WriteAsync(Path.Combine(root, "Shop"));

        await VerifyDirectory(root).UseDirectory(Folder).UseFileName(stage).UseSplitModeForUniqueDirectory();
    }

    [Theory]
    [MemberData(nameof(SingleOptions))]
    public async Task Effect_of_an_option_matches_its_snapshot(string stage, string option, string value)
    {
        var dimension = Dimension.All.Single(dimension => dimension.Name == option);
        var before = await CreateStageAsync(stage);
        var after = (await (await SharedEngine.Value).CreateAsync(Stage(stage).With(dimension, value))).Scrub();

        var difference = UnifiedDiff.Between(before.Files, after.Files);
        var name = value == Dimension.On ? option : $"{option}-{value}";
        await Verify(difference.Length > 0 ? difference : "(no difference)").UseDirectory(Folder).UseFileName($"{stage}.{name}");
    }

    [Fact]
    public async Task Help_matches_its_snapshot()
    {
        var hive = await Hive.FromPackageAsync();
        var result = await hive.NewAsync(Repo.Root, "scalable-backend", "--help");

        // The part in between is the same for every template and belongs to the SDK.
        var help = result.EnsureSuccess().Output.ReplaceLineEndings("\n");
        var ours = help[..help.IndexOf("Usage:", StringComparison.Ordinal)] + help[help.IndexOf("Template options:", StringComparison.Ordinal)..];
        var lines = ours.Split('\n').Select(line => line.TrimEnd());
        await Verify(string.Join('\n', lines).Trim('\n')).UseDirectory(Folder).UseFileName("help");
    }

    private static Task<FileTree> CreateStageAsync(string stage) => Stages
        .GetOrAdd(stage, _ => new(async () => FileTree.Read(await Scaffold.CreateAsync(Stage(stage))).Scrub())).Value;

    private static TemplateOptions Stage(string stage) => TemplateOptions.Services.With(Dimension.Stage, stage);
}
