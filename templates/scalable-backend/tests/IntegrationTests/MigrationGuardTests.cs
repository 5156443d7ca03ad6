using Microsoft.EntityFrameworkCore.Migrations;
using ScalableBackend.Core.Data;
using Xunit;

namespace ScalableBackend.IntegrationTests;

public sealed class MigrationGuardTests
{
    public static TheoryData<string, Action<MigrationBuilder>> Destructive => new()
    {
        { "drops the table things", migration => migration.DropTable("things") },
        { "drops the column things.name", migration => migration.DropColumn("name", "things") },
        { "renames or moves the table things", migration => migration.RenameTable("things", newName: "items") },
        { "renames the column things.name", migration => migration.RenameColumn("name", "things", "title") },
        { "adds the column things.name, not null and without a default", migration => migration.AddColumn<string>("name", "things") },
        {
            "makes the column things.name not null",
            migration => migration.AlterColumn<string>("name", "things", "text", oldType: "text", oldNullable: true)
        },
        {
            "changes the column things.name from character varying(50) to character varying(20)",
            migration => migration.AlterColumn<string>("name", "things", "character varying(20)", maxLength: 20, oldType: "character varying(50)", oldMaxLength: 50)
        },
        {
            "changes the column things.count from bigint to integer",
            migration => migration.AlterColumn<int>("count", "things", "integer", oldType: "bigint", oldClrType: typeof(long))
        },
        { "runs the statement: truncate things", migration => migration.Sql("truncate things") },
    };

    public static TheoryData<Action<MigrationBuilder>> Harmless => new()
    {
        migration => migration.AddColumn<string>("name", "things", nullable: true),
        migration => migration.AddColumn<int>("count", "things", defaultValue: 0),
        migration => migration.AlterColumn<string>("name", "things", "text", nullable: true, oldType: "text"),
        migration => migration.AlterColumn<string>("name", "things", "character varying(50)", maxLength: 50, oldType: "character varying(20)", oldMaxLength: 20),
        migration => migration.AlterColumn<string>("name", "things", "text", oldType: "character varying(20)", oldMaxLength: 20),
        migration => migration.Sql("CREATE INDEX CONCURRENTLY IF NOT EXISTS ix_things_name ON things (name)", suppressTransaction: true),
    };

    [Theory]
    [MemberData(nameof(Destructive))]
    public void A_destructive_step_is_found_and_named(string step, Action<MigrationBuilder> write) => Assert.Equal([step], Find(write));

    [Theory]
    [MemberData(nameof(Harmless))]
    public void A_step_that_the_running_version_can_live_with_is_allowed(Action<MigrationBuilder> write) => Assert.Empty(Find(write));

    private static IEnumerable<string> Find(Action<MigrationBuilder> write)
    {
        var migration = new MigrationBuilder("Npgsql.EntityFrameworkCore.PostgreSQL");
        write(migration);
        return MigrationGuard.FindDestructiveSteps(migration.Operations);
    }
}
