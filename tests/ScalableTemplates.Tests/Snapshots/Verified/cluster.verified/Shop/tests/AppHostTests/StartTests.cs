using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Testing;
using Shop.IntegrationTests;
using Shop.ServiceDefaults;
using Xunit;

namespace Shop.AppHostTests;

public sealed class StartTests
{
    // The first run pulls images.
    private static readonly TimeSpan Timeout = TimeSpan.FromMinutes(10);

    private static readonly string[] Names =
    [
        ResourceNames.Owner,
        ResourceNames.Database,
        ResourceNames.Cache,
        ResourceNames.Broker,
        ResourceNames.Mail,
        ResourceNames.Api,
        ResourceNames.Gateway,
        ResourceNames.Worker,
    ];

    // Empty connection strings override those in the user secrets, so that the tests run on containers.
    private static readonly string[] WithoutExternalServers = [.. Names.Select(name => $"--ConnectionStrings:{name}=")];

    [Fact]
    public async Task All_resources_become_healthy_and_work_together()
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        timeout.CancelAfter(Timeout);
        Assert.SkipUnless(await Docker.IsRunningAsync(timeout.Token), "Needs Docker.");
        var builder = await DistributedApplicationTestingBuilder.CreateAsync<Projects.AppHost>(WithoutExternalServers, timeout.Token);
        UseDisposableContainers(builder);
        var settings = new Dictionary<string, string>();
        Tokens.Configure(settings);
        var project = builder.CreateResourceBuilder<ProjectResource>(ResourceNames.Api);
        foreach (var (key, value) in settings)
        {
            project.WithEnvironment(key.Replace(":", "__", StringComparison.Ordinal), value);
        }

        await using var app = await builder.BuildAsync(timeout.Token);
        await app.StartAsync(timeout.Token);

        await Task.WhenAll(Names.Select(name => app.ResourceNotifications.WaitForResourceHealthyAsync(name, timeout.Token)));

        using var client = app.CreateHttpClient(ResourceNames.Gateway);
        client.DefaultRequestHeaders.Authorization = new("Bearer", Tokens.Create("ada"));
        var location = await client.PlaceOrderAsync("card");
        await client.WaitForOrderAsync(location, "Confirmed");
    }

    // Tests must not touch the containers and data of development.
    private static void UseDisposableContainers(IDistributedApplicationBuilder builder)
    {
        foreach (var container in builder.Resources.OfType<ContainerResource>())
        {
            builder.CreateResourceBuilder(container).WithLifetime(ContainerLifetime.Session);
            foreach (var mount in container.Annotations.OfType<ContainerMountAnnotation>().ToList())
            {
                container.Annotations.Remove(mount);
            }
        }
    }
}
