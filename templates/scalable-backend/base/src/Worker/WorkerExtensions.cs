using ScalableBackend.Shared.Messaging;
#if (HasSample)
using ScalableBackend.Shared.Orders;
#endif
using ScalableBackend.Shared.Scheduling;
#if (HasSample)
using ScalableBackend.Worker.Mail;
#endif
using ScalableBackend.Worker.Maintenance;
#if (HasSample)
using ScalableBackend.Worker.Orders;
using ScalableBackend.Worker.Payments;
#endif

namespace ScalableBackend.Worker;

public static class WorkerExtensions
{
    /// <summary>Registers all background work: message handlers, recurring jobs and the services that they use.</summary>
    public static void AddWorkerServices(this IHostApplicationBuilder builder)
    {
        builder.AddMessageHandling();
#if (HasSample)
        builder.Services.AddMessageHandler<OrderPlaced, ChargePayment>("charge-payment");
        builder.Services.AddMessageHandler<OrderPaid, SendConfirmation>("send-confirmation");
#endif

        builder.Services.AddRecurringJob<RetentionJob>("retention", TimeSpan.FromHours(1));
#if (HasPostgres)
        builder.Services.AddRecurringJob<PartitionMaintenanceJob>("partition-maintenance", TimeSpan.FromHours(1));
#endif
#if (HasSample)

        builder.AddPayments();
        builder.AddMail();
#endif
    }
}
