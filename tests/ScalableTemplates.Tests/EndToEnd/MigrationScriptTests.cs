using System.Globalization;
using System.Text.RegularExpressions;
using Npgsql;
using ScalableTemplates.Tests.Infrastructure;

namespace ScalableTemplates.Tests.EndToEnd;

/// <summary>Where a database administrator applies the migrations as a script of 'dotnet ef', the schema is that of the Migrator.</summary>
[Collection("End to end")]
public sealed class MigrationScriptTests(ServersFixture servers)
{
    [SkippableTheory]
    [InlineData(1)]
    [InlineData(2, "--idempotent")]
    public async Task A_script_applied_by_psql_creates_the_schema_of_the_migrator(int times, params string[] options)
    {
        Skip.If(ServersFixture.Missing is not null, ServersFixture.Missing);
        var solution = await BuiltSolution.GetAsync(TemplateOptions.Services.With(Dimension.Orchestrator, "none").With(Dimension.Partitioning, "monthly"));
        (await Command.DotnetAsync(solution, "tool", "restore")).EnsureSuccess();
        var script = Path.Combine(TempFolder.Create("script"), "migrations.sql");
        (await Command.DotnetAsync(solution, ["ef", "migrations", "script", "--no-build", "--project", "src/Shared", "--output", script, .. options])).EnsureSuccess();
        var byMigrator = await servers.GetConnectionStringsAsync();
        await using var backend = new Backend(solution, byMigrator);
        await backend.MigrateAsync();

        var byScript = (await servers.GetConnectionStringsAsync())["database"];
        for (var time = 0; time < times; time++)
        {
            await RunAsync("psql", byScript, "--quiet", "--set", "ON_ERROR_STOP=1", "--file", script);
        }

        Assert.Equal(await DumpSchemaAsync(byMigrator["database"]), await DumpSchemaAsync(byScript));
    }

    // Without the key of each dump, and without indentation, which the idempotent script adds to the bodies of functions.
    private static async Task<IEnumerable<string>> DumpSchemaAsync(string connectionString) =>
        (await RunAsync("pg_dump", connectionString, "--schema-only")).Output.Split('\n')
            .Where(line => !Regex.IsMatch(line, @"^\\(un)?restrict "))
            .Select(line => line.Trim());

    private static async Task<CommandResult> RunAsync(string program, string connectionString, params string[] arguments)
    {
        var database = new NpgsqlConnectionStringBuilder(connectionString);
        var environment = new Dictionary<string, string>
        {
            ["PGHOST"] = database.Host!,
            ["PGPORT"] = database.Port.ToString(CultureInfo.InvariantCulture),
            ["PGUSER"] = database.Username!,
            ["PGPASSWORD"] = database.Password!,
            ["PGDATABASE"] = database.Database!,
        };
        var file = Path.Combine(PostgresServer.Binaries!, program);
        return (await Command.RunAsync(file, arguments, Path.GetTempPath(), Daemon.Patience, environment)).EnsureSuccess();
    }
}
