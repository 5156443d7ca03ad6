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
    // The first run has images to pull.
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
#if (HasWorker)
        ResourceNames.Worker,
#endif
    ];

    // Containers, whatever servers a developer has named in the user secrets.
    private static readonly string[] WithoutExternalServers = [.. Names.Select(name => $"--ConnectionStrings:{name}=")];

    [Fact]
    public async Task Every_resource_becomes_healthy_and_does_its_work()
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        timeout.CancelAfter(Timeout);
        Assert.SkipUnless(await Docker.IsRunningAsync(timeout.Token), "Needs Docker.");
        var builder = await DistributedApplicationTestingBuilder.CreateAsync<Projects.AppHost>(WithoutExternalServers, timeout.Token);
        LeaveNothingBehind(builder);
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

        using var client = app.CreateHttpClient(ResourceNames.Api);
#if (HasJwt)
        client.DefaultRequestHeaders.Authorization = new("Bearer", Tokens.Create("ada"));
#endif
        var location = await client.PlaceOrderAsync("card");
        await client.WaitForOrderAsync(location, "Confirmed");
#endif
    }

    // A developer's own containers and data are not for tests.
    private static void LeaveNothingBehind(IDistributedApplicationBuilder builder)
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
