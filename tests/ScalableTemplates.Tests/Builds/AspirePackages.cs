using System.Text.RegularExpressions;
using ScalableTemplates.Tests.Infrastructure;

namespace ScalableTemplates.Tests.Builds;

/// <summary>Tells whether the package feeds of this machine have the Aspire packages of the output.</summary>
internal static partial class AspirePackages
{
    private static readonly Lazy<Task<string?>> Missing = new(TryRestoreAsync);

    /// <returns>Why solutions with Aspire cannot be built here; null if they can.</returns>
    public static Task<string?> MissingAsync() => Missing.Value;

    private static async Task<string?> TryRestoreAsync()
    {
        // There the feed has everything, and an error in the versions must not pass for a poor feed.
        if (Environment.GetEnvironmentVariable("GITHUB_ACTIONS") == "true")
        {
            return null;
        }

        var versions = await File.ReadAllTextAsync(Path.Combine(Repo.Template, "Directory.Packages.props"));
        var appHost = await File.ReadAllTextAsync(Path.Combine(Repo.Template, "src", "AppHost", "AppHost.csproj"));
        var references = Package().Matches(versions).Select(match => $"""<PackageReference Include="{match.Groups["id"]}" Version="{match.Groups["version"]}" />""");
        var folder = TempFolder.Create("aspire");
        await File.WriteAllTextAsync(Path.Combine(folder, "Probe.csproj"), $"""
            <Project Sdk="{Sdk().Match(appHost).Value}">
              <PropertyGroup>
                <TargetFramework>net10.0</TargetFramework>
              </PropertyGroup>
              <ItemGroup>
                {string.Join(Environment.NewLine, references)}
              </ItemGroup>
            </Project>
            """);

        var result = await Command.DotnetAsync(folder, "restore");
        return result.ExitCode == 0
            ? null
            : $"The package feeds of this machine lack Aspire; where they have it, this runs ({Error().Match(result.Output).Groups["error"].Value.Trim()})";
    }

    [GeneratedRegex(@"Include=""(?<id>Aspire\.[^""]+)"" Version=""(?<version>[^""]+)""")]
    private static partial Regex Package();

    [GeneratedRegex(@"error\s*:?\s*(?<error>[^\n]*?[\w""])(\. |\n)")]
    private static partial Regex Error();

    [GeneratedRegex(@"Aspire\.AppHost\.Sdk/[\d.]+")]
    private static partial Regex Sdk();
}
