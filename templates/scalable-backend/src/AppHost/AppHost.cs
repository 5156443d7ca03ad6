using ScalableBackend.ServiceDefaults;

var builder = DistributedApplication.CreateBuilder(args);

#if (HasPostgres)
// The data volume keeps the first passwords for ever, so they are kept too, in the user secrets.
var generated = new GenerateParameterDefault { MinLength = 24, Special = false };
var ownerPassword = builder.AddParameter("postgres-password", generated, secret: true, persist: true);
var servicePassword = builder.AddParameter("service-password", generated, secret: true, persist: true);
var owner = builder.AddPostgres("postgres", password: ownerPassword)
    .WithDataVolume()
    .WithLifetime(ContainerLifetime.Persistent)
    .AddDatabase(ResourceNames.Owner, "app");
var database = owner.AddServiceRole(servicePassword);

#endif
#if (HasRedis)
var cache = builder.AddRedis(ResourceNames.Cache)
    .WithLifetime(ContainerLifetime.Persistent);

#endif
#if (HasRabbitMq)
var broker = builder.AddRabbitMQ(ResourceNames.Broker)
    .WithManagementPlugin()
    .WithDataVolume()
    .WithLifetime(ContainerLifetime.Persistent);

#endif
#if (HasSample)
// Takes every mail and shows it on a page.
var mail = builder.AddContainer(ResourceNames.Mail, "axllent/mailpit", "v1.22.3")
    .WithHttpEndpoint(targetPort: 8025, name: "page")
    .WithEndpoint(targetPort: 1025, name: "smtp", scheme: "smtp")
    .WithHttpHealthCheck("/livez", endpointName: "page")
    .WithLifetime(ContainerLifetime.Persistent);

#endif
#if (HasPostgres)
var migrator = builder.AddProject<Projects.Migrator>(ResourceNames.Migrator)
    .WithReference(owner).WaitFor(owner)
    .WithReference(database);

#endif
var api = builder.AddProject<Projects.Api>(ResourceNames.Api)
#if (HasPostgres)
    .WithReference(database).WaitForCompletion(migrator)
#endif
#if (HasRedis)
    .WithReference(cache).WaitFor(cache)
#endif
#if (HasRabbitMq)
    .WithReference(broker).WaitFor(broker)
#endif
#if (HasSample && !HasWorker)
    .WithEnvironment("Mail__Server", mail.GetEndpoint("smtp")).WaitFor(mail)
#endif
#if (!HasWorker)
    .WithDeadLetterCommands()
#endif
    .WithHttpHealthCheck("/health")
    .WithExternalHttpEndpoints();
#if (HasReplica)

// Nothing waits for it: as long as it is not there, the primary does its work.
api.WithReference(owner.AddStandby(ownerPassword, servicePassword));
#endif
#if (HasWorker)

builder.AddProject<Projects.Worker>(ResourceNames.Worker)
    .WithReference(database).WaitForCompletion(migrator)
#if (HasRabbitMq)
    .WithReference(broker).WaitFor(broker)
#endif
#if (HasSample)
    .WithReference(api)
    .WithEnvironment("Mail__Server", mail.GetEndpoint("smtp")).WaitFor(mail)
#endif
    .WithDeadLetterCommands()
    .WithHttpHealthCheck("/health");
#endif

builder.Build().Run();
