using Microsoft.Extensions.Options;

namespace Shop.Api;

/// <summary>Collects the settings of a configuration section that are out of range, each with the environment variable that sets it.</summary>
internal sealed class SettingsValidator(string section)
{
    public List<string> Failures { get; } = [];

    public ValidateOptionsResult Result => Failures.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(Failures);

    public void CheckRange<T>(string setting, T value, T min, T max)
        where T : IComparable<T>
    {
        if (value.CompareTo(min) < 0 || value.CompareTo(max) > 0)
        {
            var variable = $"{section}__{setting.Replace(":", "__", StringComparison.Ordinal)}";
            Failures.Add($"{section}:{setting} must be between {min} and {max}. Set the environment variable {variable}.");
        }
    }
}
