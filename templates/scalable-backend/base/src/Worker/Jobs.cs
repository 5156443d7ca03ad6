using ScalableBackend.Core.Messaging;
#if (HasSample)
using ScalableBackend.Core.Orders;
#endif
using ScalableBackend.Core.Scheduling;
#if (HasSample)
using ScalableBackend.Worker.Mail;
#endif
using ScalableBackend.Worker.Maintenance;
#if (HasSample)
using ScalableBackend.Worker.Orders;
using ScalableBackend.Worker.Payments;
#endif

namespace ScalableBackend.Worker;

public static class Jobs
{
    /// <summary>All work that is not done within a request, in whichever process this is called.</summary>
    public static void AddJobs(this IHostApplicationBuilder builder)
    {
        builder.AddMessageHandling();
        builder.Services.AddRecurringJob<Cleanup>("cleanup", TimeSpan.FromHours(1));
#if (HasPostgres)
        builder.Services.AddRecurringJob<PartitionMaintenance>("partition-maintenance", TimeSpan.FromHours(1));
#endif
#if (HasSample)

        builder.AddPayments();
        builder.AddMail();
        builder.Services.AddMessageHandler<OrderPlaced, ChargePayment>("charge-payment");
        builder.Services.AddMessageHandler<OrderPaid, SendConfirmation>("send-confirmation");
#endif
    }
}
