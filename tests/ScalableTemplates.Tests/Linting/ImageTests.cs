using System.Text.RegularExpressions;
using ScalableTemplates.Tests.Infrastructure;

namespace ScalableTemplates.Tests.Linting;

public sealed partial class ImageTests
{
    [Fact]
    public void Development_tests_and_deployments_use_the_same_exact_server_versions()
    {
        var images = TemplateSource.Content.SelectMany(file => Image().Matches(file.Value)).ToLookup(match => match.Groups["name"].Value, match => match.Groups["version"].Value);

        Assert.Equal(["postgres", "rabbitmq", "redis"], images.Select(image => image.Key).Order());
        Findings.AssertNone(images.Where(image => image.Distinct().Count() > 1).Select(image => $"{image.Key}: {string.Join(", ", image.Distinct())}"));
        // Versions of PostgreSQL have two parts.
        Findings.AssertNone(images.Where(image => image.First().Split('.').Length < (image.Key == "postgres" ? 2 : 3)).Select(image => $"{image.Key}:{image.First()} is not an exact version"));
    }

    // Four or five digits are a port.
    [GeneratedRegex(@"\b(?<name>postgres|redis|rabbitmq):(?!\d{4,5}\b)(?<version>\d[\d.]*)")]
    private static partial Regex Image();
}
