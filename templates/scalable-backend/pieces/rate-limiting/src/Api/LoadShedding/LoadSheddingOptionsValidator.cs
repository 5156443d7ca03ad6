using Microsoft.Extensions.Options;

namespace ScalableBackend.Api.LoadShedding;

internal sealed class LoadSheddingOptionsValidator : IValidateOptions<LoadSheddingOptions>
{
    public ValidateOptionsResult Validate(string? name, LoadSheddingOptions options)
    {
        var settings = new SettingRanges(LoadSheddingOptions.Section);
        settings.Check(nameof(options.MaxConcurrentReads), options.MaxConcurrentReads, 1, int.MaxValue);
        settings.Check(nameof(options.MaxConcurrentCachedReads), options.MaxConcurrentCachedReads, 1, int.MaxValue);
        settings.Check(nameof(options.MaxConcurrentWrites), options.MaxConcurrentWrites, 1, int.MaxValue);
        settings.Check(nameof(options.MaxQueueLength), options.MaxQueueLength, 0, int.MaxValue);
        settings.Check(nameof(options.MaxQueueTime), options.MaxQueueTime, TimeSpan.Zero, TimeSpan.FromHours(1));
        settings.Check(nameof(options.MaxSharePerClient), options.MaxSharePerClient, 0.01, 1);
        return settings.Result;
    }
}
