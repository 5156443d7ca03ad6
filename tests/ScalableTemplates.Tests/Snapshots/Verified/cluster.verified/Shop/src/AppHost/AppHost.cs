using Shop.ServiceDefaults;

var builder = DistributedApplication.CreateBuilder(args);

var database = builder.AddDatabase();

var cache = builder.TryAddExternalServer(ResourceNames.Cache)
    ?? builder.AddRedis(ResourceNames.Cache)
        .WithLifetime(ContainerLifetime.Persistent);

var broker = builder.TryAddExternalServer(ResourceNames.Broker)
    ?? builder.AddRabbitMQ(ResourceNames.Broker)
        .WithManagementPlugin()
        .WithUrlForEndpoint("management", url => url.DisplayText = "RabbitMQ management")
        .WithDataVolume()
        .WithLifetime(ContainerLifetime.Persistent);

var mail = builder.TryAddExternalServer(ResourceNames.Mail) ?? builder.AddMailpit(ResourceNames.Mail);

var migrator = builder.AddProject<Projects.Migrator>(ResourceNames.Migrator)
    .WithReference(database.Owner).WaitFor(database.Owner)
    .WithReference(database.Service)
    .WithIconName("DatabaseArrowUp");

var api = builder.AddProject<Projects.Api>(ResourceNames.Api)
    .WithReference(database.Service).WaitForCompletion(migrator)
    .WithReference(database.Replica)
    .WithReference(cache).WaitFor(cache)
    .WithReference(broker).WaitFor(broker)
    .WithUrlForEndpoint("http", url => (url.DisplayText, url.Url) = ("API reference", "/scalar"))
    .WithProbes()
    .WithIconName("Globe");

builder.AddProject<Projects.Gateway>(ResourceNames.Gateway)
    .WithReference(api).WaitFor(api)
    .WithExternalHttpEndpoints()
    .WithProbes()
    .WithIconName("Router");

builder.AddProject<Projects.Worker>(ResourceNames.Worker)
    .WithReference(database.Service).WaitForCompletion(migrator)
    .WithReference(broker).WaitFor(broker)
    .WithReference(api).WaitFor(api)
    .WithEnvironment("Mail__Server", mail).WaitFor(mail)
    .WithDeadLetterCommands()
    .WithUrlForEndpoint("http", url => url.DisplayLocation = UrlDisplayLocation.DetailsOnly)
    .WithProbes()
    .WithIconName("BoxToolbox");

await using var app = builder.Build();
return await app.RunWithFriendlyErrorsAsync();
