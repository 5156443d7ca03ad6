using ScalableBackend.Api;
#if (HasSample)
using ScalableBackend.Api.Catalog;
using ScalableBackend.Api.Orders;
using ScalableBackend.Api.Payments;
#endif
using ScalableBackend.Core.Caching;
using ScalableBackend.Core.Data;
using ScalableBackend.Core.Messaging;
using ScalableBackend.ServiceDefaults;
#if (!HasWorker)
using ScalableBackend.Worker;
#endif

var builder = WebApplication.CreateBuilder(args);

builder.AddServiceDefaults();
builder.AddDatabase();
builder.AddCache();
builder.AddMessaging();
#if (!HasWorker)
builder.AddJobs();
#endif
builder.AddApiDefaults();
#if (HasSample)
builder.Services.AddOrders();
#endif
#if (HasJwt)
builder.AddJwt();
#endif

var app = builder.Build();

app.UseApiDefaults();
#if (HasJwt)
app.UseAuthentication();
app.UseAuthorization();
#endif

app.MapHealth();

var v1 = app.MapGroup("/v1");
#if (HasJwt)
v1.RequireAuthorization();
#endif
#if (HasSample)
v1.MapCatalog();
v1.MapOrders();
app.MapPaymentSimulator();
#endif

app.Run();
