using System.Text.Json;
using System.Text.Json.Nodes;

namespace ScalableTemplates.Tests.Infrastructure;

internal static class Repo
{
    public static string Root { get; } = FindRoot();

    public static string Template { get; } = Path.Combine(Root, "templates", "scalable-backend");

    public static string TemplateConfig { get; } = Path.Combine(Template, ".template.config");

    public static string PackProject { get; } = Path.Combine(Root, "ScalableTemplates.csproj");

    /// <summary>Reads a file of <c>.template.config</c>, which may have comments.</summary>
    public static JsonObject ReadTemplateConfig(string file) => JsonNode.Parse(
        File.ReadAllText(Path.Combine(TemplateConfig, file)),
        documentOptions: new JsonDocumentOptions { CommentHandling = JsonCommentHandling.Skip })!.AsObject();

    private static string FindRoot()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "ScalableTemplates.csproj")))
        {
            folder = folder.Parent;
        }

        return folder?.FullName ?? throw new InvalidOperationException($"No repository above {AppContext.BaseDirectory}.");
    }
}
