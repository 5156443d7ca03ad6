using Microsoft.Extensions.Options;

namespace Shop.Api.RateLimiting;

internal sealed class RateLimitingOptionsValidator : IValidateOptions<RateLimitingOptions>
{
    // At higher rates, the replenishment period of the local limiter would be shorter than the resolution of its clock.
    private const int MaxRate = 100_000_000;

    public ValidateOptionsResult Validate(string? name, RateLimitingOptions options)
    {
        var settings = new SettingsValidator(RateLimitingOptions.Section);
        foreach (var (planName, plan) in options.Plans)
        {
            settings.CheckRange($"Plans:{planName}:{nameof(Plan.RequestsPerMinute)}", plan.RequestsPerMinute, 1, MaxRate);
            settings.CheckRange($"Plans:{planName}:{nameof(Plan.Burst)}", plan.Burst, 1, MaxRate);
        }

        if (!options.Plans.ContainsKey(options.DefaultPlan))
        {
            settings.Failures.Add(
                $"RateLimiting:DefaultPlan is '{options.DefaultPlan}', which is not one of RateLimiting:Plans. "
                + "Set the environment variable RateLimiting__DefaultPlan, or define the plan as in appsettings.json.");
        }

        return settings.Result;
    }
}
