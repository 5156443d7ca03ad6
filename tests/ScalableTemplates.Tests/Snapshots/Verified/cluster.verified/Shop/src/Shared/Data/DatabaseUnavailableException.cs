namespace Shop.Shared.Data;

/// <summary>Thrown instead of calling a database that is known to be unavailable.</summary>
public sealed class DatabaseUnavailableException(string message) : Exception(message);
