using Microsoft.Extensions.Options;

namespace Shop.Api.LoadShedding;

internal sealed class LoadSheddingOptionsValidator : IValidateOptions<LoadSheddingOptions>
{
    public ValidateOptionsResult Validate(string? name, LoadSheddingOptions options)
    {
        var settings = new SettingsValidator(LoadSheddingOptions.Section);
        settings.CheckRange(nameof(options.MaxConcurrentReads), options.MaxConcurrentReads, 1, int.MaxValue);
        settings.CheckRange(nameof(options.MaxConcurrentCachedReads), options.MaxConcurrentCachedReads, 1, int.MaxValue);
        settings.CheckRange(nameof(options.MaxConcurrentWrites), options.MaxConcurrentWrites, 1, int.MaxValue);
        settings.CheckRange(nameof(options.MaxQueueLength), options.MaxQueueLength, 0, int.MaxValue);
        settings.CheckRange(nameof(options.MaxQueueTime), options.MaxQueueTime, TimeSpan.Zero, TimeSpan.FromHours(1));
        settings.CheckRange(nameof(options.MaxSharePerClient), options.MaxSharePerClient, 0.01, 1);
        return settings.Result;
    }
}
