using Shop.Shared.Catalog;
using Shop.Shared.Idempotency;
using Shop.Shared.Messaging;
using Shop.Shared.Orders;
using Microsoft.EntityFrameworkCore;
using Shop.Shared.Scheduling;

namespace Shop.Shared.Data;

public sealed class AppDbContext(DbContextOptions<AppDbContext> options) : DbContext(options)
{
    public DbSet<Product> Products => Set<Product>();

    public DbSet<Order> Orders => Set<Order>();

    public DbSet<IdempotencyRecord> IdempotencyRecords => Set<IdempotencyRecord>();

    public DbSet<OutboxMessage> OutboxMessages => Set<OutboxMessage>();

    public DbSet<InboxMessage> InboxMessages => Set<InboxMessage>();

    public DbSet<JobLease> JobLeases => Set<JobLease>();

    /// <summary>Builds the EF Core model in the background during start-up, rather than on the first query. Needs no database.</summary>
    public static void WarmUpModel(IServiceProvider services) => Task.Factory.StartNew(
        () =>
        {
            using var db = new AppDbContext(services.GetRequiredService<DbContextOptions<AppDbContext>>());
            return db.Model;
        },
        CancellationToken.None,
        TaskCreationOptions.LongRunning,
        TaskScheduler.Default);

    protected override void OnModelCreating(ModelBuilder modelBuilder) =>
        modelBuilder.ApplyConfigurationsFromAssembly(typeof(AppDbContext).Assembly);
}
