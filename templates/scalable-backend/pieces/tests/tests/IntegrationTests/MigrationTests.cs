using Microsoft.EntityFrameworkCore;
using ScalableBackend.Shared.Data;
using Xunit;

namespace ScalableBackend.IntegrationTests;

public sealed class MigrationTests
{
    [Fact]
    public void Every_change_of_the_model_has_its_migration()
    {
        using var db = new DesignTimeDbContextFactory().CreateDbContext([]);

        Assert.False(db.Database.HasPendingModelChanges());
    }
}
