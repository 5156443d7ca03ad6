using System.Text.Json;
using ScalableTemplates.Tests.Infrastructure;

namespace ScalableTemplates.Tests.Builds;

/// <summary>
/// A package that the output refers to and that Aspire brings as well fails restore (NU1605) as soon as a newer Aspire asks for a newer
/// version of it than the output does. There are to be as few as possible.
/// </summary>
public sealed class AspireDependencyTests
{
    private static readonly Dictionary<string, string> Wanted = new()
    {
        ["Microsoft.EntityFrameworkCore.Relational"] = "all projects get the version that Microsoft.EntityFrameworkCore.Design has",
        ["Nerdbank.MessagePack"] = "not every feed has the version that StreamJsonRpc asks for",
    };

    [Fact]
    public async Task Output_refers_to_few_packages_that_Aspire_brings()
    {
        var solution = await Scaffold.CreateAsync(TemplateOptions.Services.With(Dimension.Replica, "streaming"));
        (await Command.DotnetAsync(solution, "restore")).EnsureSuccess();

        var found = Directory.GetFiles(solution, "project.assets.json", SearchOption.AllDirectories).SelectMany(ShadowedIn).Order().ToList();

        Assert.Equal(Wanted.Keys.Order(), found.Distinct());
        TempFolder.Delete(solution);
    }

    private static IEnumerable<string> ShadowedIn(string assets)
    {
        using var document = JsonDocument.Parse(File.ReadAllText(assets));
        var root = document.RootElement;
        var dependencies = root.GetProperty("targets").GetProperty("net10.0").EnumerateObject().ToDictionary(
            package => package.Name.Split('/')[0],
            package => package.Value.TryGetProperty("dependencies", out var own) ? own.EnumerateObject().Select(other => other.Name).ToList() : [],
            StringComparer.OrdinalIgnoreCase);
        var brought = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        var open = new Queue<string>(dependencies.Keys.Where(name => name.StartsWith("Aspire.", StringComparison.Ordinal)));
        while (open.TryDequeue(out var name))
        {
            foreach (var dependency in dependencies.GetValueOrDefault(name, []).Where(brought.Add))
            {
                open.Enqueue(dependency);
            }
        }

        var direct = root.GetProperty("project").GetProperty("frameworks").GetProperty("net10.0").TryGetProperty("dependencies", out var references)
            ? references.EnumerateObject().Where(reference => !reference.Value.TryGetProperty("autoReferenced", out _)).Select(reference => reference.Name).ToList()
            : [];
        return direct.Where(name => !name.StartsWith("Aspire.", StringComparison.Ordinal) && brought.Contains(name));
    }
}
