using ScalableTemplates.Tests.Infrastructure;

namespace ScalableTemplates.Tests.Images;

/// <summary>Published images declare what orchestrators need to know.</summary>
[Collection("Images")]
public sealed class ImageTests(PublishedImages images)
{
    public static TheoryData<string> Services => [.. PublishedImages.Services];

    [Theory]
    [MemberData(nameof(Services))]
    public void An_image_runs_its_service_as_an_unprivileged_user(string service)
    {
        var image = images.Get(service);

        Assert.Equal("1654", image.User);
        Assert.Equal(["dotnet", $"/app/Shop.{service}.dll"], image.Command);
        Assert.Equal("/app/", image.WorkingFolder);
    }

    [Theory]
    [MemberData(nameof(Services))]
    public void An_image_exposes_the_port_of_the_service_and_that_of_its_probes(string service) =>
        // The Migrator has no endpoints; the variable of the base image exposes its port nevertheless.
        Assert.Equal(service == "Migrator" ? ["8080/tcp"] : ["8080/tcp", "8081/tcp"], images.Get(service).Ports);

    [Theory]
    [MemberData(nameof(Services))]
    public async Task An_image_is_labeled_with_its_title_version_and_revision(string service)
    {
        var labels = images.Get(service).Labels;

        var revision = (await Command.RunAsync("git", ["rev-parse", "HEAD"], images.Solution, TimeSpan.FromMinutes(1))).EnsureSuccess().Output.Trim();
        Assert.Equal($"Shop.{service}", labels["org.opencontainers.image.title"]);
        Assert.Equal("1.0.0", labels["org.opencontainers.image.version"]);
        Assert.Equal(revision, labels["org.opencontainers.image.revision"]);
        // For several platforms, the SDK would cut off the URL.
        Assert.Equal(images[service].Count > 1 ? null : "https://git.example.com/shop", labels.GetValueOrDefault("org.opencontainers.image.source"));
        Assert.DoesNotContain("org.opencontainers.image.licenses", labels.Keys);
    }

    [Fact]
    public void One_name_in_a_registry_has_images_for_both_platforms() =>
        Assert.Equal(["linux/amd64", "linux/arm64"], images[PublishedImages.ForBothPlatforms].Keys.Order(StringComparer.Ordinal));

    [SkippableFact]
    public void An_archive_has_images_for_both_platforms_which_skopeo_pushes_under_one_name()
    {
        Skip.If(PublishedImages.MissingSkopeo is not null, PublishedImages.MissingSkopeo);
        Assert.Equal(["linux/amd64", "linux/arm64"], images[PublishedImages.Archived].Keys.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Images_of_both_platforms_differ_only_in_their_code()
    {
        var (first, second) = (images[PublishedImages.ForBothPlatforms]["linux/amd64"], images[PublishedImages.ForBothPlatforms]["linux/arm64"]);

        const string Digest = "org.opencontainers.image.base.digest";
        Assert.NotEqual(first.Labels[Digest], second.Labels[Digest]);
        Assert.Equal(first.Labels.Where(label => label.Key != Digest), second.Labels.Where(label => label.Key != Digest));
        Assert.Equal((first.User, first.WorkingFolder), (second.User, second.WorkingFolder));
        Assert.Equal([.. first.Command, .. first.Ports, .. first.Variables], [.. second.Command, .. second.Ports, .. second.Variables]);
    }

    [Fact]
    public async Task The_base_image_has_no_shell()
    {
        var project = Path.Combine(images.Solution, "src", "Api");

        var image = (await Command.DotnetAsync(project, "msbuild", "-target:ComputeContainerBaseImage", "-getProperty:ContainerBaseImage")).EnsureSuccess();

        Assert.Equal("mcr.microsoft.com/dotnet/aspnet:10.0-noble-chiseled", image.Output.Trim());
    }
}
