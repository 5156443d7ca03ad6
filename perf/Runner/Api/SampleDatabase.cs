using Npgsql;
using Runner.Servers;
using ScalableTemplates.Tests.Infrastructure;

namespace Runner.Api;

/// <summary>A database with the tables and the data of the sample.</summary>
internal static class SampleDatabase
{
    /// <returns>The connection strings of the servers.</returns>
    public static async Task<Dictionary<string, string>> CreateAsync(ServerSet servers, string migrator, string name, CancellationToken cancellationToken)
    {
        var connectionStrings = await servers.GetConnectionStringsAsync(name);
        (await Command.RunAsync(
            "dotnet",
            [migrator],
            Path.GetDirectoryName(migrator)!,
            TimeSpan.FromMinutes(2),
            new Dictionary<string, string> { ["ConnectionStrings__database"] = connectionStrings["database"] })).EnsureSuccess();
        await using var database = NpgsqlDataSource.Create(connectionStrings["database"]);
        var sample = await File.ReadAllTextAsync(Path.Combine(Repo.Root, "perf", "Runner", "Api", "Sample.sql"), cancellationToken);
        foreach (var statement in sample.Split(';', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            await using var command = database.CreateCommand(statement);
            command.CommandTimeout = 0;
            await command.ExecuteNonQueryAsync(cancellationToken);
        }

        await ApiDependencies.DeclareQueueAsync(connectionStrings["broker"], cancellationToken);
        return connectionStrings;
    }

    /// <returns>Seconds of CPU time of the server and bytes of its write-ahead log so far.</returns>
    public static async Task<(double Cpu, double WriteAheadLog)> ReadWorkAsync(NpgsqlDataSource database, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand("SELECT (pg_current_wal_lsn() - '0/0')::float8");
        return (CpuTime.Read()["database"], (double)(await command.ExecuteScalarAsync(cancellationToken))!);
    }
}
