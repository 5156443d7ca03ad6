namespace Shop.ServiceDefaults;

/// <summary>A setting is missing or invalid. The message says how to set it, so no stack trace is needed.</summary>
public sealed class ConfigurationException(string message) : Exception(message);
