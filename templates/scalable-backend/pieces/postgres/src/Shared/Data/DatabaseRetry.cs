using Npgsql.EntityFrameworkCore.PostgreSQL.Infrastructure;

namespace ScalableBackend.Shared.Data;

/// <summary>How a unit of work is repeated that a lost connection or a deadlock ended; the section Resilience:database.</summary>
internal sealed class DatabaseRetry
{
    public int MaxRetryCount { get; init; } = 6;

    /// <summary>The longest pause; they grow from one attempt to the next.</summary>
    public TimeSpan MaxRetryDelay { get; init; } = TimeSpan.FromSeconds(5);

    public static DatabaseRetry From(IConfiguration configuration) =>
        configuration.GetSection("Resilience:database").Get<DatabaseRetry>() ?? new();

    public void Apply(NpgsqlDbContextOptionsBuilder npgsql) => npgsql.EnableRetryOnFailure(MaxRetryCount, MaxRetryDelay, errorCodesToAdd: null);
}
