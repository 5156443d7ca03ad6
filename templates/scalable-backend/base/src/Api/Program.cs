using ScalableBackend.Api;
#if (HasSample)
using ScalableBackend.Api.Catalog;
using ScalableBackend.Api.Orders;
using ScalableBackend.Api.Payments;
#endif
using ScalableBackend.ServiceDefaults;
using ScalableBackend.Shared.Caching;
using ScalableBackend.Shared.Data;
using ScalableBackend.Shared.Messaging;
#if (HasWorker && !HasRabbitMq)
using ScalableBackend.Shared.Messaging.DatabaseQueue;
#endif
#if (!HasWorker)
using ScalableBackend.Worker;
#endif

var builder = WebApplication.CreateBuilder(args);

builder.AddServiceDefaults();
builder.AddDatabase();
#if (HasReplica)
builder.AddReadReplica();
#endif
builder.AddCache();
builder.AddMessaging();
#if (!HasWorker)
builder.AddWorkerServices();
#elif (!HasRabbitMq)
builder.AddWorkerNotifications();
#endif
builder.AddApiDefaults();

var app = builder.Build();

AppDbContext.WarmUpModel(app.Services);
app.UseHealth();
app.UseApiDefaults();
#if (HasReplica)
app.UseReadReplica();
#endif
#if (HasSample)

var v1 = app.MapV1();
v1.MapCatalog();
v1.MapOrders();
app.MapPaymentProviderSimulator();
#endif

#if (HasWorker)
app.Run();
#else
return await app.RunWithCommandsAsync(args);
#endif
