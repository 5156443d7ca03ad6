using ScalableTemplates.Tests.Infrastructure;

namespace ScalableTemplates.Tests.Linting;

/// <summary>Links, anchors and code blocks in the Markdown of this repository and of outputs.</summary>
public sealed class MarkdownTests
{
    // Each paragraph that an option adds or removes is in one of them at least.
    private static readonly TemplateOptions[] Options =
    [
        TemplateOptions.Services,
        TemplateOptions.Single.With(Dimension.Deploy, "kubernetes"),
        TemplateOptions.Cluster,
        TemplateOptions.Services.With(Dimension.Orchestrator, "none").With(Dimension.Replica, "streaming").With(Dimension.Partitioning, "monthly"),
        TemplateOptions.Services.With(Dimension.Orchestrator, "compose").With(Dimension.Broker, "database").With(Dimension.Auth, "none"),
        TemplateOptions.Services.With(Dimension.NoSample, Dimension.On).With(Dimension.NoTests, Dimension.On).With(Dimension.Worker, "in-process"),
        TemplateOptions.Single.With(Dimension.Orchestrator, "aspire").With(Dimension.Cache, "redis").With(Dimension.Broker, "rabbitmq"),
    ];

    [SkippableFact]
    public async Task Links_and_anchors_in_the_repository_exist() =>
        Findings.AssertNone((await ReadRepositoryAsync()).BrokenLinks());

    [SkippableFact]
    public async Task Code_blocks_in_the_repository_parse() =>
        Findings.AssertNone(await (await ReadRepositoryAsync()).BrokenCodeAsync());

    [Fact]
    public async Task Links_and_code_blocks_in_outputs_are_sound()
    {
        var engine = await Engine.StartAsync();
        List<string> findings = [];
        foreach (var options in Options)
        {
            var output = (await engine.CreateAsync(options)).Files;
            var files = new MarkdownFiles(output.Where(file => IsMarkdown(file.Key)).ToDictionary(), output.Keys);
            findings.AddRange(from finding in files.BrokenLinks().Concat(await files.BrokenCodeAsync()) select $"{finding}   [{options}]");
        }

        Findings.AssertNone(findings);
    }

    [Theory]
    [InlineData("[a](missing.md)")]
    [InlineData("[a](#missing)")]
    [InlineData("[a](other.md#missing)")]
    [InlineData("[a](../outside.md)")]
    [InlineData("[a](https://github.com/ScalableTemplates/ScalableTemplates/blob/main/missing.md)")]
    [InlineData("![a](https://raw.githubusercontent.com/ScalableTemplates/ScalableTemplates/main/missing.svg)")]
    [InlineData("[a]: missing.md")]
    [InlineData("<img src=\"missing.svg\">")]
    [InlineData("```json\n{ a }\n```")]
    [InlineData("```json\n{} // Comment\n```")]
    [InlineData("```jsonc\n{ a }\n```")]
    [InlineData("```yaml\na: [\n```")]
    [InlineData("```csharp\nvar a = ;\n```")]
    [InlineData("```sh\nif true\n```")]
    [InlineData("```sh\nls")]
    public async Task Faults_are_found(string text) => Assert.Single(await FindAsync(text));

    [Theory]
    [InlineData("[a](other.md#two-words-1) [b](folder/) [c](./folder/file.cs) [d](#code-and-text) <a href=\"https://example.com/missing\">e</a>")]
    [InlineData("[a](https://github.com/ScalableTemplates/ScalableTemplates/tree/main/folder) [b](https://github.com/ScalableTemplates/ScalableTemplates/issues)")]
    [InlineData("`[a](missing.md)`\n```text\n[a](missing.md)\n```")]
    [InlineData("```jsonc\n{ \"a\": 1, } // Comment\n```")]
    [InlineData("```csharp\nvar a = 1;\n```\n```csharp\npublic required int A { get; init; }\n```")]
    [InlineData("1. A block in a list:\n\n   ```sh\n   if true; then\n     cat <<EOF\n   EOF\n   fi\n   ```")]
    public async Task Sound_text_has_no_findings(string text) => Assert.Empty(await FindAsync(text));

    private static async Task<IReadOnlyList<string>> FindAsync(string text)
    {
        var documents = new Dictionary<string, string> { ["a.md"] = "# `Code` and [text](other.md)\n" + text, ["other.md"] = "## Two words\n## Two words" };
        var files = new MarkdownFiles(documents, [.. documents.Keys, "folder/file.cs"]);
        return [.. files.BrokenLinks(), .. await files.BrokenCodeAsync()];
    }

    private static async Task<MarkdownFiles> ReadRepositoryAsync()
    {
        var listed = await Command.RunAsync("git", ["ls-files", "-z", "--cached", "--others", "--exclude-standard"], Repo.Root, TimeSpan.FromMinutes(1));
        Skip.If(listed.ExitCode != 0, "This is not a checkout, so it is not known which files belong to the repository.");
        var paths = listed.Output.Split('\0', StringSplitOptions.RemoveEmptyEntries).Where(path => File.Exists(Path.Combine(Repo.Root, path))).ToList();
        // Sources of the template have conditions, and links that only lead somewhere in an output.
        var documents = paths.Where(path => IsMarkdown(path) && !path.StartsWith("templates/", StringComparison.Ordinal) && !path.Contains("/Snapshots/", StringComparison.Ordinal))
            .ToDictionary(path => path, path => File.ReadAllText(Path.Combine(Repo.Root, path)));
        Assert.NotEmpty(documents);
        return new MarkdownFiles(documents, paths);
    }

    private static bool IsMarkdown(string path) => path.EndsWith(".md", StringComparison.OrdinalIgnoreCase);
}
