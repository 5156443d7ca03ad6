namespace ScalableBackend.Migrator;

internal static partial class Log
{
    [LoggerMessage(LogLevel.Critical, "The database was not migrated: {Reason}")]
    public static partial void NotMigrated(this ILogger logger, Exception exception, string reason);
}
