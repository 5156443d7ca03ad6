using System.Text.RegularExpressions;
using YamlDotNet.RepresentationModel;

namespace ScalableTemplates.Tests.Workflows;

/// <summary>A workflow of GitHub Actions.</summary>
internal sealed partial class Workflow
{
    private readonly YamlMappingNode root;

    private Workflow(string text)
    {
        Text = text;
        var yaml = new YamlStream();
        yaml.Load(new StringReader(text));
        root = (YamlMappingNode)yaml.Documents[0].RootNode;
        Jobs = [.. Map("jobs").Children.Select(job => new Job(job.Key.ToString(), (YamlMappingNode)job.Value))];
    }

    public string Text { get; }

    public IReadOnlyList<Job> Jobs { get; }

    public bool DeniesAllByDefault => Text.Contains("\npermissions: {}\n", StringComparison.Ordinal);

    public bool HasConcurrencyGroup => root.Children.ContainsKey("concurrency");

    public bool StopsAtFailedCommands => Text.Contains("\n    shell: bash\n", StringComparison.Ordinal);

    /// <summary>The references to actions, with the rest of their lines.</summary>
    public IEnumerable<string> Actions => Uses().Matches(Text).Select(match => match.Groups["action"].Value).Where(action => !action.StartsWith("./", StringComparison.Ordinal));

    public static Workflow Parse(string text) => new(text);

    public Job this[string job] => Jobs.Single(other => other.Name == job);

    private YamlMappingNode Map(string key) => (YamlMappingNode)root.Children[key];

    [GeneratedRegex(@"^\s*(- )?uses: *(?<action>.*)$", RegexOptions.Multiline)]
    private static partial Regex Uses();
}

internal sealed record Job(string Name, YamlMappingNode Node)
{
    /// <summary>Whether the job is another workflow of the repository.</summary>
    public bool IsCall => Text("uses")?.StartsWith("./", StringComparison.Ordinal) is true;

    public string? Runner => Text("runs-on");

    public string? Timeout => Text("timeout-minutes");

    /// <summary>Null if the job does not declare them.</summary>
    public IReadOnlyList<string>? Permissions => Node.Children.TryGetValue("permissions", out var permissions)
        ? [.. ((YamlMappingNode)permissions).Children.Select(permission => $"{permission.Key}: {permission.Value}")]
        : null;

    public IReadOnlyList<YamlMappingNode> Steps => Node.Children.TryGetValue("steps", out var steps) ? [.. ((YamlSequenceNode)steps).Children.Cast<YamlMappingNode>()] : [];

    public IReadOnlyList<string> Commands => [.. Steps.Select(step => step.Children.TryGetValue("run", out var run) ? run.ToString() : null).OfType<string>()];

    public IReadOnlyList<string> Matrix(string name) => [.. ((YamlSequenceNode)Node["strategy"]["matrix"][name]).Children.Select(value => value.ToString())];

    /// <returns>The command that contains <paramref name="text"/>.</returns>
    public string Command(string text) => Commands.Single(command => command.Contains(text, StringComparison.Ordinal));

    private string? Text(string key) => Node.Children.TryGetValue(key, out var value) ? value.ToString() : null;
}
