using ScalableBackend.ServiceDefaults;

var builder = DistributedApplication.CreateBuilder(args);

#if (HasPostgres)
// The data volume keeps the first password for ever, so the password is kept too, in the user secrets.
var password = builder.AddParameter(
    "postgres-password", new GenerateParameterDefault { MinLength = 24, Special = false }, secret: true, persist: true);
var database = builder.AddPostgres("postgres", password: password)
    .WithDataVolume()
    .WithLifetime(ContainerLifetime.Persistent)
    .AddDatabase(ResourceNames.Database);

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
    .WithReference(database).WaitFor(database);

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
api.WithReference(builder.AddStandby(database, password));
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
