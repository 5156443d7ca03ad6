using Microsoft.EntityFrameworkCore;
using Shop.Shared.Data;
using Shop.Shared.Scheduling;
using Xunit;

namespace Shop.IntegrationTests;

public sealed class SchedulingTests(Backend backend)
{
    private static int runs;

    [Fact]
    public async Task A_recurring_job_runs_once_across_replicas()
    {
        var name = $"test-{Guid.NewGuid()}";
        using var first = CreateHost(name);
        using var second = CreateHost(name);

        await Task.WhenAll(
            first.StartAsync(TestContext.Current.CancellationToken), second.StartAsync(TestContext.Current.CancellationToken));
        await Task.Delay(TimeSpan.FromSeconds(4), TestContext.Current.CancellationToken);
        await Task.WhenAll(first.StopAsync(TestContext.Current.CancellationToken), second.StopAsync(TestContext.Current.CancellationToken));

        Assert.Equal(1, runs);
        await using var scope = backend.Services.CreateAsyncScope();
        var lease = await scope.ServiceProvider.GetRequiredService<AppDbContext>().JobLeases
            .SingleAsync(lease => lease.Name == name, TestContext.Current.CancellationToken);
        Assert.True(lease.DueAt > DateTimeOffset.UtcNow.AddMinutes(50));
    }

    private IHost CreateHost(string name)
    {
        var options = backend.Services.GetRequiredService<DbContextOptions<AppDbContext>>();
        var builder = Host.CreateEmptyApplicationBuilder(new());
        builder.Services.AddScoped(_ => new AppDbContext(options));
        builder.Services.AddRecurringJob<CountingJob>(name, TimeSpan.FromHours(1));
        return builder.Build();
    }

    private sealed class CountingJob : IRecurringJob
    {
        public Task RunAsync(CancellationToken cancellationToken)
        {
            Interlocked.Increment(ref runs);
            return Task.CompletedTask;
        }
    }
}
