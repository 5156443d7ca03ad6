namespace Shop.Shared.Scheduling;

/// <summary>Work that runs at an interval, in one process at a time. After a crash it starts over, so it must be idempotent.</summary>
public interface IRecurringJob
{
    Task RunAsync(CancellationToken cancellationToken);
}
