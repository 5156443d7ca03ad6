namespace ScalableBackend.Shared.Data;

/// <summary>The database was not called, because it is known to be unavailable.</summary>
public sealed class DatabaseUnavailableException(string message) : Exception(message);
