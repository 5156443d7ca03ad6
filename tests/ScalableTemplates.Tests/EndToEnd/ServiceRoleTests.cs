using Npgsql;
using ScalableTemplates.Tests.Infrastructure;

namespace ScalableTemplates.Tests.EndToEnd;

/// <summary>The Migrator owns the tables; the services work in a role that may only read and write their rows.</summary>
[Collection("End to end")]
public sealed class ServiceRoleTests(ServersFixture servers)
{
    [SkippableFact]
    public async Task Services_do_all_their_work_in_a_role_that_cannot_change_tables()
    {
        Skip.If(ServersFixture.Missing is not null, ServersFixture.Missing);
        var connectionStrings = await servers.GetConnectionStringsAsync();
        var owner = connectionStrings["owner"] = connectionStrings["database"];
        var service = connectionStrings["database"] = new NpgsqlConnectionStringBuilder(owner)
        {
            Username = $"service-{Guid.NewGuid():N}",
            Password = "it's \"quoted\" \\ right",
        }.ConnectionString;
        var solution = await BuiltSolution.GetAsync(TemplateOptions.Services.With(Dimension.Orchestrator, "none"));
        await using var backend = new Backend(solution, connectionStrings);
        await backend.MigrateAsync();
        await backend.MigrateAsync();
        var partition = $"inbox_messages_{DateTimeOffset.UtcNow.AddDays(5):yyyyMMdd}";
        await ExecuteAsync(owner, $"DROP TABLE {partition}");
        await backend.StartApiAsync();
        await backend.StartWorkerAsync();

        await backend.WaitForStatusAsync(await backend.PlaceOrderAsync("card"), "Confirmed");
        await backend.WaitUntilAsync(async () => await ExecuteAsync(owner, $"SELECT to_regclass('{partition}')::text") is string);

        foreach (var change in new[]
        {
            "CREATE TABLE mine (id int)", "DROP TABLE orders", "ALTER TABLE orders ADD COLUMN mine int", "TRUNCATE orders",
            "DELETE FROM \"__EFMigrationsHistory\"", "CREATE ROLE mine",
        })
        {
            var refusal = await Assert.ThrowsAsync<PostgresException>(() => ExecuteAsync(service, change));
            Assert.Equal(PostgresErrorCodes.InsufficientPrivilege, refusal.SqlState);
        }
    }

    private static async Task<object?> ExecuteAsync(string connectionString, string sql)
    {
        await using var database = NpgsqlDataSource.Create(connectionString);
        await using var command = database.CreateCommand(sql);
        return await command.ExecuteScalarAsync();
    }
}
