using Microsoft.EntityFrameworkCore.Migrations;
using Shop.Shared.Data;
using Xunit;

namespace Shop.IntegrationTests;

public sealed class MigrationGuardTests
{
    public static TheoryData<string, Action<MigrationBuilder>> UnsafeOperations => new()
    {
        { "drops the table things", migration => migration.DropTable("things") },
        { "drops the column things.name", migration => migration.DropColumn("name", "things") },
        { "renames or moves the table things", migration => migration.RenameTable("things", newName: "items") },
        { "renames the column things.name", migration => migration.RenameColumn("name", "things", "title") },
        { "without a default, so inserts", migration => migration.AddColumn<string>("name", "things") },
        { "table is rewritten", migration => migration.AddColumn<Guid>("key", "things", defaultValueSql: "gen_random_uuid()") },
        { "table is rewritten", migration => migration.AddColumn<int>("sum", "things", computedColumnSql: "a + b", stored: true) },
        { "CHECK (… IS NOT NULL) NOT VALID", migration => migration.AlterColumn<string>("name", "things", "text", oldType: "text", oldNullable: true) },
        { "from bigint to integer: ACCESS EXCLUSIVE", migration => migration.AlterColumn<int>("count", "things", "integer", oldType: "bigint", oldClrType: typeof(long)) },
        { "SHARE lock blocks writes", migration => migration.CreateIndex("ix_things_name", "things", "name") },
        { "SHARE ROW EXCLUSIVE", migration => migration.AddForeignKey("fk_things_others", "things", "other_id", "others", principalColumn: "id") },
        { "NOT VALID, and VALIDATE", migration => migration.AddCheckConstraint("ck_things_count", "things", "count > 0") },
        { "USING INDEX", migration => migration.AddUniqueConstraint("ak_things_name", "things", "name") },
        { "USING INDEX", migration => migration.AddPrimaryKey("pk_things", "things", "id") },
    };

    public static TheoryData<string, string> UnsafeStatements => new()
    {
        { "loses data", "truncate things" },
        { "loses data", "ALTER TABLE things DROP COLUMN name" },
        { "loses data", "ALTER TABLE other RENAME TO things" },
        { "SHARE lock", "CREATE UNIQUE INDEX ix_things_name ON things (name)" },
        { "SHARE ROW EXCLUSIVE", "ALTER TABLE things ADD CONSTRAINT fk FOREIGN KEY (other_id) REFERENCES others (id)" },
        { "blocks reads and writes while all rows are checked", "ALTER TABLE things ADD CONSTRAINT ck CHECK (count > 0)" },
        { "USING INDEX", "ALTER TABLE things ADD UNIQUE (name)" },
        { "table is rewritten", "ALTER TABLE things ALTER COLUMN count SET DATA TYPE bigint" },
        { "table is rewritten", "ALTER TABLE things ADD COLUMN key uuid NOT NULL DEFAULT gen_random_uuid()" },
        { "inserts by the running version fail", "ALTER TABLE things ADD COLUMN name text NOT NULL" },
        { "IS NOT NULL) NOT VALID", "ALTER TABLE things ALTER name SET NOT NULL" },
        { "row locks", "DELETE FROM things" },
        { "row locks", "UPDATE things SET name = 'x' WHERE name IS NULL" },
        { "row locks", "DO $$ BEGIN UPDATE things SET count = 0; END $$" },
        { "blocks reads or writes", "LOCK TABLE things" },
    };

    public static TheoryData<Action<MigrationBuilder>> SafeOperations => new()
    {
        migration => migration.AddColumn<string>("name", "things", nullable: true),
        migration => migration.AddColumn<int>("count", "things", defaultValue: 0),
        migration => migration.AddColumn<DateTimeOffset>("at", "things", defaultValueSql: "now()"),
        migration => migration.AlterColumn<string>("name", "things", "text", nullable: true, oldType: "text"),
        migration => migration.AlterColumn<string>("name", "things", "character varying(50)", maxLength: 50, oldType: "character varying(20)", oldMaxLength: 20),
        migration => migration.CreateIndex("ix_things_name", "things", "name").Annotation("Npgsql:CreatedConcurrently", true),
        migration =>
        {
            migration.CreateTable("new_things", table => new { id = table.Column<Guid>() });
            migration.CreateIndex("ix_new_things_id", "new_things", "id");
            migration.Sql("ALTER TABLE new_things ADD CHECK (count > 0)");
        },
    };

    [Theory]
    [MemberData(nameof(UnsafeOperations))]
    public void An_unsafe_operation_is_reported_with_its_lock_and_an_alternative(string reason, Action<MigrationBuilder> write) =>
        Assert.Contains(reason, Assert.Single(Find(write)), StringComparison.Ordinal);

    [Theory]
    [MemberData(nameof(UnsafeStatements))]
    public void An_unsafe_statement_is_reported_with_its_lock_and_an_alternative(string reason, string sql) =>
        Assert.Contains(reason, Assert.Single(Find(migration => migration.Sql(sql))), StringComparison.Ordinal);

    [Theory]
    [MemberData(nameof(SafeOperations))]
    public void An_operation_that_is_compatible_with_the_running_version_is_allowed(Action<MigrationBuilder> write) => Assert.Empty(Find(write));

    [Theory]
    [InlineData("CREATE INDEX CONCURRENTLY IF NOT EXISTS ix_things_name ON things (name);")]
    [InlineData("COMMENT ON TABLE things IS 'never drop, don''t rename';")]
    [InlineData("-- DROP TABLE things;\n/* TRUNCATE things */ SELECT 1")]
    [InlineData("CREATE FUNCTION empty() RETURNS void LANGUAGE sql AS $f$ DELETE FROM things $f$")]
    [InlineData("ALTER TABLE things ADD CONSTRAINT ck CHECK (name IS NOT NULL) NOT VALID")]
    [InlineData("ALTER TABLE things VALIDATE CONSTRAINT ck")]
    [InlineData("ALTER TABLE things ADD CONSTRAINT ak UNIQUE USING INDEX ix_things_name")]
    [InlineData("ALTER TABLE things ADD COLUMN count int NOT NULL DEFAULT 0")]
    [InlineData("ALTER TABLE things ALTER COLUMN name DROP NOT NULL")]
    [InlineData("UPDATE things SET count = 0 WHERE id IN (SELECT id FROM things WHERE count IS NULL LIMIT 1000)")]
    [InlineData("CREATE TABLE mine (id int); DELETE FROM mine; CREATE INDEX ix_mine_id ON mine (id)")]
    public void A_statement_that_is_compatible_with_the_running_version_is_allowed(string sql) => Assert.Empty(Find(migration => migration.Sql(sql)));

    private static IEnumerable<string> Find(Action<MigrationBuilder> write)
    {
        var migration = new MigrationBuilder("Npgsql.EntityFrameworkCore.PostgreSQL");
        write(migration);
        return MigrationGuard.FindUnsafeSteps(migration.Operations, new HashSet<string>());
    }
}
