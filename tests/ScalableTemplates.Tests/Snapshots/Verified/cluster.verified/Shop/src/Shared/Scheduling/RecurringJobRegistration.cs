namespace Shop.Shared.Scheduling;

/// <param name="Name">Identifies the job and its lease, so it is the same in every process.</param>
/// <param name="Interval">From the end of one run to the start of the next.</param>
internal sealed record RecurringJobRegistration(string Name, TimeSpan Interval, Type JobType);
