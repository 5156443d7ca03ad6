using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;
using ScalableBackend.Core.Data.Partitioning;

namespace ScalableBackend.Core.Data.Migrations;

/// <summary>Keeps the outbox small, though every row of it is soon deleted, and gives each day of the inbox a partition.</summary>
[DbContext(typeof(AppDbContext))]
[Migration("20260101000002_TuneMessaging")]
[Destructive("The inbox keeps its name and its columns.")]
public sealed class TuneMessaging : Migration
{
    // Services may not change tables. For these two changes they borrow the rights of the tables' owner. Attaching a table that
    // is ready locks out nobody; creating it as a partition would lock the whole table.
    private const string PartitionFunctions =
        """
        CREATE FUNCTION create_partition(parent regclass, partition text, first_id uuid, end_id uuid) RETURNS void
            LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT SET lock_timeout = '2s' AS $$
            BEGIN
                EXECUTE format('CREATE TABLE %I (LIKE %s INCLUDING ALL)', partition, parent);
                EXECUTE format('ALTER TABLE %s ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)', parent, partition, first_id, end_id);
            END $$;
        CREATE FUNCTION remove_partition(parent regclass, partition regclass, keep_rows boolean) RETURNS void
            LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT SET lock_timeout = '2s' AS $$
            BEGIN
                EXECUTE format('ALTER TABLE %s DETACH PARTITION %s', parent, partition);
                IF NOT keep_rows THEN
                    EXECUTE format('DROP TABLE %s', partition);
                END IF;
            END $$;
        REVOKE EXECUTE ON FUNCTION create_partition, remove_partition FROM PUBLIC;
        """;

    protected override void Up(MigrationBuilder migrationBuilder)
    {
        migrationBuilder.Sql(
            """
            ALTER TABLE outbox_messages SET (
                autovacuum_vacuum_threshold = 1000, autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_cost_delay = 0);
            """);

        // The default partition takes ids of any other time.
        migrationBuilder.Sql(
            """
            ALTER TABLE inbox_messages RENAME TO inbox_messages_default;
            ALTER INDEX pk_inbox_messages RENAME TO pk_inbox_messages_default;
            CREATE TABLE inbox_messages (LIKE inbox_messages_default) PARTITION BY RANGE (message_id);
            ALTER TABLE inbox_messages ADD CONSTRAINT pk_inbox_messages PRIMARY KEY (message_id, consumer);
            ALTER TABLE inbox_messages ATTACH PARTITION inbox_messages_default DEFAULT;
            """);
        migrationBuilder.Sql(PartitionFunctions);
        foreach (var start in PartitionedTable.Inbox.PeriodsFrom(DateTimeOffset.UtcNow, 7))
        {
            migrationBuilder.Sql(PartitionedTable.Inbox.CreateSql(start));
        }
    }

    protected override void Down(MigrationBuilder migrationBuilder) =>
        migrationBuilder.Sql(
            """
            DROP FUNCTION create_partition, remove_partition;
            CREATE TABLE inbox_messages_all (LIKE inbox_messages);
            INSERT INTO inbox_messages_all SELECT * FROM inbox_messages;
            DROP TABLE inbox_messages;
            ALTER TABLE inbox_messages_all RENAME TO inbox_messages;
            ALTER TABLE inbox_messages ADD CONSTRAINT pk_inbox_messages PRIMARY KEY (message_id, consumer);
            ALTER TABLE outbox_messages RESET (
                autovacuum_vacuum_threshold, autovacuum_vacuum_scale_factor, autovacuum_vacuum_cost_delay);
            """);
}
