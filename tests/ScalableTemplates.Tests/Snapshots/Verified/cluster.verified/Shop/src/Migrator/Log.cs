namespace Shop.Migrator;

internal static partial class Log
{
    [LoggerMessage(LogLevel.Critical, "Database migration failed: {Reason}")]
    public static partial void MigrationFailed(this ILogger logger, Exception exception, string reason);
}
