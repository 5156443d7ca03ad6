using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Testing;
#if (HasJwt || HasSample)
using ScalableBackend.IntegrationTests;
#endif
using ScalableBackend.ServiceDefaults;
using Xunit;

namespace ScalableBackend.AppHostTests;

public sealed class StartTests
{
    // The first run pulls images.
    private static readonly TimeSpan Timeout = TimeSpan.FromMinutes(10);

    private static readonly string[] Names =
    [
#if (HasPostgres)
        ResourceNames.Owner,
        ResourceNames.Database,
#endif
#if (HasRedis)
        ResourceNames.Cache,
#endif
#if (HasRabbitMq)
        ResourceNames.Broker,
#endif
#if (HasSample)
        ResourceNames.Mail,
#endif
        ResourceNames.Api,
#if (HasGateway)
        ResourceNames.Gateway,
#endif
#if (HasWorker)
        ResourceNames.Worker,
#endif
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
#if (HasJwt)
        var settings = new Dictionary<string, string>();
        Tokens.Configure(settings);
        var project = builder.CreateResourceBuilder<ProjectResource>(ResourceNames.Api);
        foreach (var (key, value) in settings)
        {
            project.WithEnvironment(key.Replace(":", "__", StringComparison.Ordinal), value);
        }

#endif
        await using var app = await builder.BuildAsync(timeout.Token);
        await app.StartAsync(timeout.Token);

        await Task.WhenAll(Names.Select(name => app.ResourceNotifications.WaitForResourceHealthyAsync(name, timeout.Token)));
#if (HasSample)

#if (HasGateway)
        using var client = app.CreateHttpClient(ResourceNames.Gateway);
#else
        using var client = app.CreateHttpClient(ResourceNames.Api);
#endif
#if (HasJwt)
        client.DefaultRequestHeaders.Authorization = new("Bearer", Tokens.Create("ada"));
#endif
        var location = await client.PlaceOrderAsync("card");
        await client.WaitForOrderAsync(location, "Confirmed");
#endif
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
