using Microsoft.EntityFrameworkCore;
using ScalableBackend.Shared.Data;
using Xunit;

namespace ScalableBackend.IntegrationTests;

public sealed class MigrationTests
{
    [Fact]
    public void The_model_has_no_pending_changes()
    {
        using var db = new DesignTimeDbContextFactory().CreateDbContext([]);

        Assert.False(db.Database.HasPendingModelChanges());
    }
}
