namespace ScalableBackend.Shared.Scheduling;

/// <summary>Work that is done again and again, by one process at a time. After a crash it may be done anew from its start.</summary>
public interface IRecurringJob
{
    Task RunAsync(CancellationToken cancellationToken);
}
