using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace Shop.Shared.Data.Migrations;

/// <summary>
/// Partitions orders by month. Existing orders become the first partition, which extends to the end of the current month.
/// </summary>
[DbContext(typeof(AppDbContext))]
[Migration("20260101000003_PartitionOrders")]
[AllowUnsafeMigration("Orders keep their name and their columns.")]
public sealed class PartitionOrders : Migration
{
    protected override void Up(MigrationBuilder migrationBuilder) =>
        migrationBuilder.Sql(
            """
            DO $$
                DECLARE
                    this_month timestamp := date_trunc('month', now() AT TIME ZONE 'UTC');
                    first_partition text := 'orders_' || to_char(this_month, 'YYYYMM');
                BEGIN
                    EXECUTE format('ALTER TABLE orders RENAME TO %I', first_partition);
                    EXECUTE format('ALTER INDEX pk_orders RENAME TO %I', 'pk_' || first_partition);
                    EXECUTE format('ALTER INDEX ix_orders_customer_id_id RENAME TO %I', 'ix_' || first_partition || '_customer_id_id');
                    EXECUTE format('CREATE TABLE orders (LIKE %I) PARTITION BY RANGE (id)', first_partition);
                    ALTER TABLE orders ADD CONSTRAINT pk_orders PRIMARY KEY (id);
                    CREATE INDEX ix_orders_customer_id_id ON orders (customer_id, id);
                    EXECUTE format('ALTER TABLE orders ATTACH PARTITION %I FOR VALUES FROM (MINVALUE) TO (%L)',
                        first_partition, uuid7_min(this_month + interval '1 month'));
                END $$;
            INSERT INTO partition_policies VALUES ('orders', 'id', 'month', 12, NULL, true);
            DO $$ BEGIN WHILE create_next_partition() IS NOT NULL LOOP END LOOP; END $$;
            """);

    protected override void Down(MigrationBuilder migrationBuilder) =>
        migrationBuilder.Sql(
            """
            DELETE FROM partition_policies WHERE table_name = 'orders';
            CREATE TABLE orders_all (LIKE orders);
            INSERT INTO orders_all SELECT * FROM orders;
            DROP TABLE orders;
            ALTER TABLE orders_all RENAME TO orders;
            ALTER TABLE orders ADD CONSTRAINT pk_orders PRIMARY KEY (id);
            CREATE INDEX ix_orders_customer_id_id ON orders (customer_id, id);
            """);
}
