using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;
using ScalableBackend.Core.Data.Partitioning;

namespace ScalableBackend.Core.Data.Migrations;

/// <summary>
/// Gives each month of orders a partition. Orders that are there already become the first one, up to the end of this month.
/// </summary>
[DbContext(typeof(AppDbContext))]
[Migration("20260101000003_PartitionOrders")]
[Destructive("Orders keep their name and their columns.")]
public sealed class PartitionOrders : Migration
{
    protected override void Up(MigrationBuilder migrationBuilder)
    {
        var months = PartitionedTable.Orders.PeriodsFrom(DateTimeOffset.UtcNow, 12).ToList();
        migrationBuilder.Sql(
            $"""
            ALTER TABLE orders RENAME TO {PartitionedTable.Orders.PartitionOf(months[0])};
            ALTER INDEX pk_orders RENAME TO pk_{PartitionedTable.Orders.PartitionOf(months[0])};
            ALTER INDEX ix_orders_customer_id_id RENAME TO ix_{PartitionedTable.Orders.PartitionOf(months[0])}_customer_id_id;
            CREATE TABLE orders (LIKE {PartitionedTable.Orders.PartitionOf(months[0])}) PARTITION BY RANGE (id);
            ALTER TABLE orders ADD CONSTRAINT pk_orders PRIMARY KEY (id);
            CREATE INDEX ix_orders_customer_id_id ON orders (customer_id, id);
            ALTER TABLE orders ATTACH PARTITION {PartitionedTable.Orders.PartitionOf(months[0])}
                FOR VALUES FROM (MINVALUE) TO ('{Uuid7.MinAt(months[1])}');
            """);
        foreach (var start in months.Skip(1))
        {
            migrationBuilder.Sql(PartitionedTable.Orders.CreateSql(start));
        }
    }

    protected override void Down(MigrationBuilder migrationBuilder) =>
        migrationBuilder.Sql(
            """
            CREATE TABLE orders_all (LIKE orders);
            INSERT INTO orders_all SELECT * FROM orders;
            DROP TABLE orders;
            ALTER TABLE orders_all RENAME TO orders;
            ALTER TABLE orders ADD CONSTRAINT pk_orders PRIMARY KEY (id);
            CREATE INDEX ix_orders_customer_id_id ON orders (customer_id, id);
            """);
}
