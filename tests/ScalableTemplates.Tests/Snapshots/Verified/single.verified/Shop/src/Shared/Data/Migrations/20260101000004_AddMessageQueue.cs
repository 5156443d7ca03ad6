using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace Shop.Shared.Data.Migrations;

/// <summary>Adds the columns of messages addressed to a single handler, so that only the handlers that failed are retried.</summary>
[DbContext(typeof(AppDbContext))]
[Migration("20260101000004_AddMessageQueue")]
public sealed class AddMessageQueue : Migration
{
    protected override void Up(MigrationBuilder migrationBuilder)
    {
        migrationBuilder.AddColumn<Guid>("message_id", "outbox_messages", type: "TEXT", nullable: true);
        migrationBuilder.AddColumn<string>("consumer", "outbox_messages", type: "TEXT", maxLength: 100, nullable: true);
        migrationBuilder.AddColumn<string>("exception_type", "outbox_messages", type: "TEXT", nullable: true);
        migrationBuilder.AddColumn<string>("stack", "outbox_messages", type: "TEXT", nullable: true);
    }

    protected override void Down(MigrationBuilder migrationBuilder)
    {
        foreach (var column in new[] { "message_id", "consumer", "exception_type", "stack" })
        {
            migrationBuilder.DropColumn(column, "outbox_messages");
        }
    }
}
