using ScalableTemplates.Tests.Infrastructure;

namespace ScalableTemplates.Tests.EndToEnd;

/// <summary>The services stage behind a PgBouncer with fewer server connections than clients.</summary>
[Collection("End to end")]
public sealed class PgBouncerTests(ServersFixture servers)
{
    [SkippableFact]
    public async Task Orders_are_processed_to_completion_behind_PgBouncer_in_transaction_mode()
    {
        Skip.If(ServersFixture.Missing is not null, ServersFixture.Missing);
        Skip.If(PgBouncer.Binaries is null, "Not installed: pgbouncer. On Debian: apt-get install pgbouncer");
        var connectionStrings = await servers.GetConnectionStringsAsync();
        await using var pooler = new PgBouncer();
        var solution = await BuiltSolution.GetAsync(TemplateOptions.Services.With(Dimension.Orchestrator, "none"));
        await using var backend = new Backend(solution, connectionStrings);
        await backend.MigrateAsync();
        backend.Set("ConnectionStrings__database", await pooler.StartAsync(connectionStrings["database"]));
        await backend.StartApiAsync();
        await backend.StartWorkerAsync();

        var orders = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => backend.PlaceOrderAsync("card")));

        foreach (var order in orders)
        {
            await backend.WaitForStatusAsync(order, "Confirmed");
        }

        Assert.All(orders, order => Assert.Single(backend.MailsOf(order)));
    }
}
