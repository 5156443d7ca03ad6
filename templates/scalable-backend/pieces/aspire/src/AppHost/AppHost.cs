using ScalableBackend.ServiceDefaults;

var builder = DistributedApplication.CreateBuilder(args);

#if (HasPostgres)
var database = builder.AddDatabase();

#endif
#if (HasRedis)
var cache = builder.TryAddExternalServer(ResourceNames.Cache)
    ?? builder.AddRedis(ResourceNames.Cache)
        .WithLifetime(ContainerLifetime.Persistent);

#endif
#if (HasRabbitMq)
var broker = builder.TryAddExternalServer(ResourceNames.Broker)
    ?? builder.AddRabbitMQ(ResourceNames.Broker)
        .WithManagementPlugin()
        .WithUrlForEndpoint("management", url => url.DisplayText = "RabbitMQ management")
        .WithDataVolume()
        .WithLifetime(ContainerLifetime.Persistent);

#endif
#if (HasSample)
var mail = builder.TryAddExternalServer(ResourceNames.Mail) ?? builder.AddMailpit(ResourceNames.Mail);

#endif
#if (HasPostgres)
var migrator = builder.AddProject<Projects.Migrator>(ResourceNames.Migrator)
    .WithReference(database.Owner).WaitFor(database.Owner)
    .WithReference(database.Service)
    .WithIconName("DatabaseArrowUp");

#endif
var api = builder.AddProject<Projects.Api>(ResourceNames.Api)
#if (HasPostgres)
    .WithReference(database.Service).WaitForCompletion(migrator)
#endif
#if (HasReplica)
    .WithReference(database.Replica)
#endif
#if (HasRedis)
    .WithReference(cache).WaitFor(cache)
#endif
#if (HasRabbitMq)
    .WithReference(broker).WaitFor(broker)
#endif
#if (HasSample && !HasWorker)
    .WithEnvironment("Mail__Server", mail).WaitFor(mail)
#endif
#if (!HasWorker)
    .WithDeadLetterCommands()
#endif
    .WithUrlForEndpoint("http", url => (url.DisplayText, url.Url) = ("API reference", "/scalar"))
#if (!HasGateway)
    .WithExternalHttpEndpoints()
#endif
    .WithProbes()
    .WithIconName("Globe");
#if (HasSample && !HasWorker)
// The payment simulator is part of the API.
api.WithEnvironment("Payments__BaseUrl", ReferenceExpression.Create($"{api.GetEndpoint("http")}/payment-simulator/"));
#endif
#if (HasGateway)

builder.AddProject<Projects.Gateway>(ResourceNames.Gateway)
    .WithReference(api).WaitFor(api)
    .WithExternalHttpEndpoints()
    .WithProbes()
    .WithIconName("Router");
#endif
#if (HasWorker)

builder.AddProject<Projects.Worker>(ResourceNames.Worker)
    .WithReference(database.Service).WaitForCompletion(migrator)
#if (HasRabbitMq)
    .WithReference(broker).WaitFor(broker)
#endif
#if (HasSample)
    .WithReference(api).WaitFor(api)
    .WithEnvironment("Mail__Server", mail).WaitFor(mail)
#endif
    .WithDeadLetterCommands()
    .WithUrlForEndpoint("http", url => url.DisplayLocation = UrlDisplayLocation.DetailsOnly)
    .WithProbes()
    .WithIconName("BoxToolbox");
#endif

await using var app = builder.Build();
return await app.RunWithFriendlyErrorsAsync();
