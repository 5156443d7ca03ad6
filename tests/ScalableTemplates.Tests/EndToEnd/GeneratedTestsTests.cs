using Npgsql;
using ScalableTemplates.Tests.Infrastructure;

namespace ScalableTemplates.Tests.EndToEnd;

/// <summary>The tests of generated solutions pass.</summary>
[Collection("End to end")]
public sealed class GeneratedTestsTests(ServersFixture servers)
{
    [Fact]
    public async Task The_tests_of_the_single_stage_pass_and_leave_the_working_tree_clean()
    {
        AssertAllPassed(await RunAsync(TemplateOptions.Single, []));

        // The build writes the OpenAPI document.
        var expected = FileTree.Read(await Scaffold.CreateAsync(TemplateOptions.Single)).Files.Keys.Append("docs/openapi.json").Order(StringComparer.Ordinal);
        Assert.Equal(expected, await ListCommittableFilesAsync(await BuiltSolution.GetAsync(TemplateOptions.Single)));
    }

    [SkippableFact]
    public async Task The_tests_of_the_services_stage_can_share_servers_with_running_services()
    {
        Skip.If(ServersFixture.Missing is not null, ServersFixture.Missing);
        await using var rabbitMq = new RabbitMqServer();
        await rabbitMq.StartAsync();
        var connectionStrings = await servers.GetConnectionStringsAsync();
        connectionStrings["broker"] = rabbitMq.ConnectionString;
        await using var redis = new RedisServer();
        await redis.StartAsync();
        connectionStrings["cache"] = redis.ConnectionString;
        var administrator = connectionStrings["database"];
        var role = $"owner_{Guid.NewGuid():N}";
        await ExecuteAsync(administrator, $"CREATE ROLE {role} LOGIN CREATEROLE PASSWORD 'not-a-secret'");
        await ExecuteAsync(administrator, $"ALTER DATABASE {new NpgsqlConnectionStringBuilder(administrator).Database} OWNER TO {role}");
        connectionStrings["owner"] = InRole(administrator, role);
        connectionStrings["database"] = InRole(administrator, $"service_{Guid.NewGuid():N}");
        var options = TemplateOptions.Services.With(Dimension.Orchestrator, "none");
        await using var backend = new Backend(await BuiltSolution.GetAsync(options), connectionStrings);
        await backend.MigrateAsync();
        await backend.StartApiAsync();
        await backend.StartWorkerAsync();

        AssertNonePassed(await RunAsync(options, connectionStrings), $"ALTER ROLE \"{role}\" CREATEDB");
        await ExecuteAsync(administrator, $"ALTER ROLE {role} CREATEDB");
        AssertNonePassed(await RunAsync(options, connectionStrings), "rabbitmqctl add_vhost tests && rabbitmqctl set_permissions --vhost tests app '.*' '.*' '.*'");
        await rabbitMq.AddVirtualHostAsync("tests");
        await using var redisCommands = await redis.MonitorAsync();
        AssertAllPassed(await RunAsync(options, connectionStrings));

        // The products of the tests have the ids of those of the services but different prices.
        Assert.Matches("\"tests-[^\" ]*product:", redisCommands.Log);
        Assert.Matches("\"tests-[^\" ]*Backplane", redisCommands.Log);
        Assert.DoesNotMatch("\"(?!tests-)([a-z0-9]+:)?product:|\"(?!tests-)[^\" ]*Backplane", redisCommands.Log);
        Assert.DoesNotContain("fail:", backend.WorkerLog, StringComparison.Ordinal);
        Assert.Equal(0, (await rabbitMq.GetQueuesAsync()).Values.Sum());
        Assert.Equal(0L, await ExecuteAsync(administrator, $"SELECT count(*) FROM pg_database WHERE datdba = '{role}'::regrole AND datname LIKE 'test%'"));
        await backend.WaitForStatusAsync(await backend.PlaceOrderAsync("card"), "Confirmed");
    }

    [SkippableFact]
    public async Task The_tests_of_a_solution_with_a_replica_pass_on_a_primary_and_its_standby()
    {
        Skip.If(ServersFixture.Missing is not null, ServersFixture.Missing);
        await using var primary = new PostgresServer();
        await primary.StartAsync();
        await using var standby = await primary.StartStandbyAsync();
        var connectionStrings = await servers.GetConnectionStringsAsync();
        connectionStrings["database"] = await primary.CreateDatabaseAsync();
        connectionStrings["replica"] = standby.ConnectionString(new NpgsqlConnectionStringBuilder(connectionStrings["database"]).Database!);
        var options = TemplateOptions.Services.With(Dimension.Orchestrator, "none").With(Dimension.Replica, "streaming");

        AssertAllPassed(await RunAsync(options, connectionStrings));
    }

    private static async Task<CommandResult> RunAsync(TemplateOptions options, Dictionary<string, string> connectionStrings)
    {
        var folder = await BuiltSolution.GetAsync(options);
        var environment = connectionStrings.ToDictionary(pair => $"ConnectionStrings__{pair.Key}", pair => pair.Value);
        return await Command.RunAsync("dotnet", ["test", "--no-build"], folder, TimeSpan.FromMinutes(30), environment);
    }

    private static void AssertNonePassed(CommandResult result, string reason)
    {
        Assert.NotEqual(0, result.ExitCode);
        Assert.Contains(reason, result.Output, StringComparison.Ordinal);
        Assert.Contains("succeeded: 0", result.Output, StringComparison.Ordinal);
    }

    // The files that 'git add --all' would add.
    private static async Task<IEnumerable<string>> ListCommittableFilesAsync(string folder)
    {
        var repository = TempFolder.Create("git");
        (await Command.RunAsync("git", ["init", "--quiet", repository], folder, TimeSpan.FromMinutes(1))).EnsureSuccess();
        string[] list = ["--git-dir", Path.Combine(repository, ".git"), "--work-tree", folder, "ls-files", "-z", "--others", "--exclude-standard"];
        var listed = await Command.RunAsync("git", list, folder, TimeSpan.FromMinutes(1));
        return listed.EnsureSuccess().Output.Split('\0', StringSplitOptions.RemoveEmptyEntries).Order(StringComparer.Ordinal);
    }

    private static string InRole(string connectionString, string role) =>
        new NpgsqlConnectionStringBuilder(connectionString) { Username = role, Password = "not-a-secret" }.ConnectionString;

    private static async Task<object?> ExecuteAsync(string connectionString, string sql)
    {
        await using var database = NpgsqlDataSource.Create(connectionString);
        await using var command = database.CreateCommand(sql);
        return await command.ExecuteScalarAsync();
    }

    private static void AssertAllPassed(CommandResult result)
    {
        result.EnsureSuccess();
        Assert.Contains("skipped: 0", result.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("succeeded: 0", result.Output, StringComparison.Ordinal);
    }
}
