using Microsoft.EntityFrameworkCore;
using Shop.Shared.Data;
using Xunit;

namespace Shop.IntegrationTests;

public sealed class MigrationTests
{
    [Fact]
    public void The_model_has_no_pending_changes()
    {
        using var db = new DesignTimeDbContextFactory().CreateDbContext([]);

        Assert.False(db.Database.HasPendingModelChanges());
    }
}
