using Shop.Shared.Messaging;
using Shop.Shared.Orders;
using Shop.Shared.Scheduling;
using Shop.Worker.Mail;
using Shop.Worker.Maintenance;
using Shop.Worker.Orders;
using Shop.Worker.Payments;

namespace Shop.Worker;

public static class WorkerExtensions
{
    /// <summary>Registers all background work: message handlers, recurring jobs and the services that they use.</summary>
    public static void AddWorkerServices(this IHostApplicationBuilder builder)
    {
        builder.AddMessageHandling();
        builder.Services.AddMessageHandler<OrderPlaced, ChargePayment>("charge-payment");
        builder.Services.AddMessageHandler<OrderPaid, SendConfirmation>("send-confirmation");

        builder.Services.AddRecurringJob<RetentionJob>("retention", TimeSpan.FromHours(1));
        builder.Services.AddRecurringJob<PartitionMaintenanceJob>("partition-maintenance", TimeSpan.FromHours(1));

        builder.AddPayments();
        builder.AddMail();
    }
}
