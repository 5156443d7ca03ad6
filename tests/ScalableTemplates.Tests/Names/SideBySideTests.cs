using System.Text.RegularExpressions;
using ScalableTemplates.Tests.Infrastructure;

namespace ScalableTemplates.Tests.Names;

/// <summary>Two outputs can run on one machine without conflicts.</summary>
public sealed partial class SideBySideTests
{
    // Ports inside containers, and the default ports of ASP.NET Core outside Development.
    private static readonly string[] OtherPorts = ["5432", "6379", "5672", "15672", "1025", "8025", "8080", "5000"];

    [Theory]
    [InlineData("aspire")]
    [InlineData("compose")]
    public async Task Outputs_share_no_port_volume_or_secret_store(string orchestrator)
    {
        var options = TemplateOptions.Services.With(Dimension.Orchestrator, orchestrator);
        var shop = FileTree.Read(await Scaffold.CreateAsync(options, "Shop", portSuffix: 101));
        var cart = FileTree.Read(await Scaffold.CreateAsync(options, "Cart", portSuffix: 202));

        Assert.NotEmpty(Ports(shop));
        Assert.Empty(Ports(shop).Intersect(Ports(cart)));
        Assert.NotEmpty(Names(shop));
        Assert.Empty(Names(shop).Intersect(Names(cart)));
    }

    private static HashSet<string> Ports(FileTree tree) => tree.Files.Values
        .SelectMany(text => Port().Matches(text).Select(match => match.Groups["port"].Value))
        .Except(OtherPorts)
        .ToHashSet();

    // The name of a workflow belongs to its repository.
    private static HashSet<string> Names(FileTree tree) => tree.Files
        .Where(file => !file.Key.StartsWith(".github/", StringComparison.Ordinal))
        .SelectMany(file => Name().Matches(file.Value).Select(match => match.Groups["name"].Value))
        .ToHashSet();

    [GeneratedRegex(@"(localhost:|127\.0\.0\.1:|\bport: |Port=)(?<port>\d{4,5})\b")]
    private static partial Regex Port();

    [GeneratedRegex(@"WithDataVolume\(""(?<name>[^""]+)""|WithContainerName\(""(?<name>[^""]+)""|container_name: (?<name>\S+)|^name: (?<name>\S+)|<UserSecretsId>(?<name>[^<]+)<", RegexOptions.Multiline)]
    private static partial Regex Name();
}
