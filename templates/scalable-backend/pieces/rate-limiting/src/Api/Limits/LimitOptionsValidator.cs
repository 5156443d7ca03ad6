using Microsoft.Extensions.Options;

namespace ScalableBackend.Api.Limits;

/// <summary>Names each setting that is out of range, and the environment variable that sets it.</summary>
internal sealed class LimitOptionsValidator : IValidateOptions<LimitOptions>
{
    // As fine as the clock of the local limiter: more requests a minute would have no interval between them.
    private const int MaxRate = 100_000_000;

    public ValidateOptionsResult Validate(string? name, LimitOptions options)
    {
        var failures = Check(nameof(options.MaxConcurrentReads), options.MaxConcurrentReads, 1, int.MaxValue)
            .Concat(Check(nameof(options.MaxConcurrentCachedReads), options.MaxConcurrentCachedReads, 1, int.MaxValue))
            .Concat(Check(nameof(options.MaxConcurrentWrites), options.MaxConcurrentWrites, 1, int.MaxValue))
            .Concat(Check(nameof(options.MaxQueueLength), options.MaxQueueLength, 0, int.MaxValue))
            .Concat(Check(nameof(options.MaxQueueTime), options.MaxQueueTime, TimeSpan.Zero, TimeSpan.FromHours(1)))
            .Concat(Check(nameof(options.MaxSharePerClient), options.MaxSharePerClient, 0.01, 1))
            .Concat(options.Plans.SelectMany(plan => Check($"Plans:{plan.Key}:{nameof(Plan.RequestsPerMinute)}", plan.Value.RequestsPerMinute, 1, MaxRate)
                .Concat(Check($"Plans:{plan.Key}:{nameof(Plan.Burst)}", plan.Value.Burst, 1, MaxRate))))
            .ToList();
        if (!options.Plans.ContainsKey(options.DefaultPlan))
        {
            failures.Add(
                $"Limits:DefaultPlan is '{options.DefaultPlan}', which is not one of Limits:Plans. "
                + "Set the environment variable Limits__DefaultPlan, or describe the plan as in appsettings.json.");
        }

        return failures.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(failures);
    }

    private static IEnumerable<string> Check<T>(string setting, T value, T min, T max)
        where T : IComparable<T>
    {
        if (value.CompareTo(min) < 0 || value.CompareTo(max) > 0)
        {
            var variable = $"Limits__{setting.Replace(":", "__", StringComparison.Ordinal)}";
            yield return $"Limits:{setting} must be between {min} and {max}. Set the environment variable {variable}.";
        }
    }
}
