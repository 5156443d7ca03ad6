using System.Globalization;

namespace ScalableBackend.ServiceDefaults;

public static class DurationExtensions
{
    /// <summary>The setting <paramref name="name"/>, such as 00:00:05.</summary>
    /// <exception cref="ConfigurationException">It is negative or no time span; the message names it.</exception>
    public static TimeSpan GetDuration(this IConfiguration configuration, string name, TimeSpan defaultValue) =>
        configuration[name] is not { Length: > 0 } text ? defaultValue
        : TimeSpan.TryParse(text, CultureInfo.InvariantCulture, out var value) && value >= TimeSpan.Zero ? value
        : throw new ConfigurationException(
            $"{name} must be a time span that is not negative, such as 00:00:05. Set the environment variable {name.Replace(":", "__", StringComparison.Ordinal)}.");
}
