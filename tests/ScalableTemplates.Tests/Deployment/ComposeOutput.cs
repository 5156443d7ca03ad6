using ScalableTemplates.Tests.Builds;
using ScalableTemplates.Tests.Infrastructure;

namespace ScalableTemplates.Tests.Deployment;

/// <summary>An output for Docker Compose.</summary>
internal sealed record ComposeOutput(TemplateOptions Options, IReadOnlyDictionary<string, string> Files)
{
    private static readonly Lazy<Task<IReadOnlyList<ComposeOutput>>> Outputs = new(CreateAsync);

    public static Task<IReadOnlyList<ComposeOutput>> AllAsync => Outputs.Value;

    public string Yaml => Files["deploy/compose/compose.yaml"];

    public Manifest Compose => Manifest.Parse(Yaml).Single();

    private static async Task<IReadOnlyList<ComposeOutput>> CreateAsync()
    {
        var engine = await Engine.StartAsync();
        List<ComposeOutput> outputs = [];
        TemplateOptions[] options =
        [
            TemplateOptions.Services,
            TemplateOptions.Cluster.With(Dimension.Deploy, "compose"),
            TemplateOptions.Single.With(Dimension.Deploy, "compose"),
            .. CoveringArray.Rows.Where(row => row.HasComposeDeployment),
        ];
        foreach (var option in options.DistinctBy(option => option.Pieces))
        {
            outputs.Add(new ComposeOutput(option, (await engine.CreateAsync(option)).Files));
        }

        return outputs;
    }
}
