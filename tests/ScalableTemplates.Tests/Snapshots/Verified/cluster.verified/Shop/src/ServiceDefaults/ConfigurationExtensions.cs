using System.Globalization;

namespace Shop.ServiceDefaults;

public static class ConfigurationExtensions
{
    /// <summary>Returns the setting <paramref name="name"/> as a time span.</summary>
    /// <exception cref="ConfigurationException">The value is negative or not a time span; the message names the setting.</exception>
    public static TimeSpan GetDuration(this IConfiguration configuration, string name, TimeSpan defaultValue) =>
        configuration[name] is not { Length: > 0 } text ? defaultValue
        : TimeSpan.TryParse(text, CultureInfo.InvariantCulture, out var value) && value >= TimeSpan.Zero ? value
        : throw new ConfigurationException(
            $"{name} must be a non-negative time span, such as 00:00:05. Set the environment variable {name.Replace(":", "__", StringComparison.Ordinal)}.");
}
