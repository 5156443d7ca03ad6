using System.Text.Json;
using ScalableTemplates.Tests.Infrastructure;

namespace ScalableTemplates.Tests.Builds;

/// <summary>
/// The output should directly reference as few transitive dependencies of Aspire as possible: restore fails (NU1605) as soon as a newer
/// Aspire requires a newer version of such a package than the output references.
/// </summary>
public sealed class AspireDependencyTests
{
    private static readonly Dictionary<string, string> Allowed = new()
    {
        ["Microsoft.EntityFrameworkCore.Relational"] = "all projects must use the version of Microsoft.EntityFrameworkCore.Design",
        ["Nerdbank.MessagePack"] = "not every feed has the version that StreamJsonRpc requests",
    };

    [Fact]
    public async Task Output_references_few_transitive_packages_of_Aspire()
    {
        var solution = await Scaffold.CreateAsync(TemplateOptions.Services.With(Dimension.Replica, "streaming"));
        (await Command.DotnetAsync(solution, "restore")).EnsureSuccess();

        var found = Directory.GetFiles(solution, "project.assets.json", SearchOption.AllDirectories).SelectMany(FindOverlaps).Order().ToList();

        Assert.Equal(Allowed.Keys.Order(), found.Distinct());
        TempFolder.Delete(solution);
    }

    private static IEnumerable<string> FindOverlaps(string assets)
    {
        using var document = JsonDocument.Parse(File.ReadAllText(assets));
        var root = document.RootElement;
        var dependencies = root.GetProperty("targets").GetProperty("net10.0").EnumerateObject().ToDictionary(
            package => package.Name.Split('/')[0],
            package => package.Value.TryGetProperty("dependencies", out var own) ? own.EnumerateObject().Select(other => other.Name).ToList() : [],
            StringComparer.OrdinalIgnoreCase);
        var transitive = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        var queue = new Queue<string>(dependencies.Keys.Where(name => name.StartsWith("Aspire.", StringComparison.Ordinal)));
        while (queue.TryDequeue(out var name))
        {
            foreach (var dependency in dependencies.GetValueOrDefault(name, []).Where(transitive.Add))
            {
                queue.Enqueue(dependency);
            }
        }

        var direct = root.GetProperty("project").GetProperty("frameworks").GetProperty("net10.0").TryGetProperty("dependencies", out var references)
            ? references.EnumerateObject().Where(reference => !reference.Value.TryGetProperty("autoReferenced", out _)).Select(reference => reference.Name).ToList()
            : [];
        return direct.Where(name => !name.StartsWith("Aspire.", StringComparison.Ordinal) && transitive.Contains(name));
    }
}
