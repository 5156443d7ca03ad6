using ScalableTemplates.Tests.Builds;
using ScalableTemplates.Tests.Infrastructure;

namespace ScalableTemplates.Tests.Deployment;

/// <summary>An output for Kubernetes, and what kubectl renders of it.</summary>
internal sealed record RenderedOutput(TemplateOptions Options, IReadOnlyDictionary<string, string> Files, IReadOnlyDictionary<string, string> Rendered)
{
    public const string Folder = "deploy/kubernetes";

    private static readonly string[] Overlays = ["development", "production"];

    private static readonly Lazy<Task<IReadOnlyList<RenderedOutput>>> Outputs = new(RenderAsync);

    public static Task<IReadOnlyList<RenderedOutput>> AllAsync => Outputs.Value;

    /// <summary>All resources of a cluster: the services, the migration and the servers.</summary>
    public IReadOnlyList<Manifest> Cluster(string overlay) =>
    [
        .. Rendered.Where(kustomization => kustomization.Key.Contains(overlay, StringComparison.Ordinal) || (overlay == "production" && kustomization.Key == "servers"))
            .SelectMany(kustomization => Manifest.Parse(kustomization.Value))
            .DistinctBy(manifest => manifest.Id),
    ];

    public IEnumerable<(string Overlay, IReadOnlyList<Manifest> Resources)> Clusters => from overlay in Overlays select (overlay, Cluster(overlay));

    /// <summary>Checks each cluster of each output.</summary>
    public static async Task<IEnumerable<string>> InEachClusterAsync(Func<RenderedOutput, string, IReadOnlyList<Manifest>, IEnumerable<string?>> check) =>
        from output in await AllAsync
        from cluster in output.Clusters
        from finding in check(output, cluster.Overlay, cluster.Resources)
        select $"{cluster.Overlay}: {finding}   [{output.Options}]";

    private static async Task<IReadOnlyList<RenderedOutput>> RenderAsync()
    {
        var tools = await KubernetesTools.GetAsync();
        var engine = await Engine.StartAsync();
        List<RenderedOutput> outputs = [];
        TemplateOptions[] options =
        [
            TemplateOptions.Cluster,
            TemplateOptions.Services.With(Dimension.Deploy, "kubernetes"),
            TemplateOptions.Single.With(Dimension.Deploy, "kubernetes"),
            .. CoveringArray.Rows.Where(row => row.HasKubernetes),
        ];
        foreach (var option in options.DistinctBy(option => option.Pieces))
        {
            var tree = await engine.CreateAsync(option);
            var folder = TempFolder.CreateInMemory("kustomize");
            await tree.WriteAsync(folder);
            var rendered = new Dictionary<string, string>();
            foreach (var path in Kustomizations(tree))
            {
                rendered.Add(path, await tools.RenderAsync(Path.Combine(folder, Folder, path)));
            }

            TempFolder.Delete(folder);
            outputs.Add(new RenderedOutput(option, tree.Files, rendered));
        }

        return outputs;
    }

    // Those that a user applies.
    private static IEnumerable<string> Kustomizations(FileTree tree) =>
        from path in tree.Files.Keys
        where path.StartsWith(Folder + '/', StringComparison.Ordinal) && path.EndsWith("/kustomization.yaml", StringComparison.Ordinal)
        let folder = path[(Folder.Length + 1)..^"/kustomization.yaml".Length]
        where folder == "servers" || (folder.StartsWith("overlays/", StringComparison.Ordinal) && !folder.EndsWith("/images", StringComparison.Ordinal))
        select folder;
}
