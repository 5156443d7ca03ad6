using Microsoft.EntityFrameworkCore.Storage;
using Npgsql;
using Npgsql.EntityFrameworkCore.PostgreSQL;
using Npgsql.EntityFrameworkCore.PostgreSQL.Infrastructure;

namespace Shop.Shared.Data;

/// <summary>Retries of a unit of work after a transient failure, such as a lost connection or a deadlock; bound to the section Resilience:database.</summary>
internal sealed class DatabaseRetry
{
    public int MaxRetryCount { get; init; } = 6;

    /// <summary>The upper limit of the delay, which grows with each attempt.</summary>
    public TimeSpan MaxRetryDelay { get; init; } = TimeSpan.FromSeconds(5);

    public static DatabaseRetry From(IConfiguration configuration) =>
        configuration.GetSection("Resilience:database").Get<DatabaseRetry>() ?? new();

    public void Apply(NpgsqlDbContextOptionsBuilder npgsql) => npgsql.ExecutionStrategy(dependencies => new Strategy(dependencies, this));

    private sealed class Strategy(ExecutionStrategyDependencies dependencies, DatabaseRetry retry)
        : NpgsqlRetryingExecutionStrategy(dependencies, retry.MaxRetryCount, retry.MaxRetryDelay, errorCodesToAdd: [DatabaseFailures.IdleInTransactionTimeout])
    {
        // While none of several hosts is a primary, the driver fails with an exception that it does not consider transient.
        protected override bool ShouldRetryOn(Exception? exception) => exception is NpgsqlException and not PostgresException || base.ShouldRetryOn(exception);
    }
}
