using ScalableTemplates.Tests.Infrastructure;

namespace ScalableTemplates.Tests.Workflows;

/// <summary>The workflows of this repository and of outputs, with the files next to them.</summary>
internal sealed record WorkflowFile(string Place, Workflow Workflow, IReadOnlyDictionary<string, string> Files)
{
    private const string Folder = ".github/workflows/";

    // Every condition in the workflow of an output is both true and false in one of them.
    private static readonly TemplateOptions[] Options =
    [
        TemplateOptions.Services,
        TemplateOptions.Single,
        TemplateOptions.Cluster,
        TemplateOptions.Single.With(Dimension.NoSample, Dimension.On).With(Dimension.NoTests, Dimension.On),
        TemplateOptions.Services.With(Dimension.Worker, "in-process").With(Dimension.Orchestrator, "none"),
    ];

    private static readonly Lazy<Task<IReadOnlyList<WorkflowFile>>> All = new(ReadAsync);

    public static Task<IReadOnlyList<WorkflowFile>> AllAsync() => All.Value;

    public bool IsOfOutput => !Place.StartsWith(Folder, StringComparison.Ordinal);

    private static async Task<IReadOnlyList<WorkflowFile>> ReadAsync()
    {
        var engine = await Engine.StartAsync();
        List<WorkflowFile> workflows = [.. Read(new Dictionary<string, string>(Own()), "")];
        foreach (var options in Options)
        {
            workflows.AddRange(Read((await engine.CreateAsync(options)).Files, $"{options}: "));
        }

        return workflows;
    }

    private static IEnumerable<KeyValuePair<string, string>> Own() =>
        Directory.EnumerateFiles(Path.Combine(Repo.Root, Folder)).Select(file => KeyValuePair.Create(Folder + Path.GetFileName(file), File.ReadAllText(file)));

    private static IEnumerable<WorkflowFile> Read(IReadOnlyDictionary<string, string> files, string prefix) =>
        files.Where(file => file.Key.StartsWith(Folder, StringComparison.Ordinal)).Select(file => new WorkflowFile(prefix + file.Key, Workflow.Parse(file.Value), files));
}
