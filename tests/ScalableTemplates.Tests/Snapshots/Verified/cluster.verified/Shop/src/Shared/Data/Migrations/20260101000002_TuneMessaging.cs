using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace Shop.Shared.Data.Migrations;

/// <summary>Vacuums the outbox often, because its rows are deleted soon after they are inserted, and partitions the inbox by day.</summary>
[DbContext(typeof(AppDbContext))]
[Migration("20260101000002_TuneMessaging")]
[AllowUnsafeMigration("The inbox keeps its name and its columns.")]
public sealed class TuneMessaging : Migration
{
    protected override void Up(MigrationBuilder migrationBuilder)
    {
        migrationBuilder.Sql(
            """
            ALTER TABLE outbox_messages SET (
                autovacuum_vacuum_threshold = 1000, autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_cost_delay = 0);
            """);

        // The default partition holds ids outside the daily partitions, such as the id of a dead letter replayed after a week.
        migrationBuilder.Sql(
            """
            ALTER TABLE inbox_messages RENAME TO inbox_messages_default;
            ALTER INDEX pk_inbox_messages RENAME TO pk_inbox_messages_default;
            CREATE TABLE inbox_messages (LIKE inbox_messages_default) PARTITION BY RANGE (message_id);
            ALTER TABLE inbox_messages ADD CONSTRAINT pk_inbox_messages PRIMARY KEY (message_id, consumer);
            ALTER TABLE inbox_messages ATTACH PARTITION inbox_messages_default DEFAULT;
            """);
        migrationBuilder.Sql(PartitionFunctions.Create);
        // Seven days are longer than any message can be in flight.
        migrationBuilder.Sql(
            """
            INSERT INTO partition_policies VALUES ('inbox_messages', 'message_id', 'day', 7, interval '7 days', false);
            DO $$ BEGIN WHILE create_next_partition() IS NOT NULL LOOP END LOOP; END $$;
            """);
    }

    protected override void Down(MigrationBuilder migrationBuilder) =>
        migrationBuilder.Sql(
            PartitionFunctions.Drop
            + """

            CREATE TABLE inbox_messages_all (LIKE inbox_messages);
            INSERT INTO inbox_messages_all SELECT * FROM inbox_messages;
            DROP TABLE inbox_messages;
            ALTER TABLE inbox_messages_all RENAME TO inbox_messages;
            ALTER TABLE inbox_messages ADD CONSTRAINT pk_inbox_messages PRIMARY KEY (message_id, consumer);
            ALTER TABLE outbox_messages RESET (
                autovacuum_vacuum_threshold, autovacuum_vacuum_scale_factor, autovacuum_vacuum_cost_delay);
            """);
}
