using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Npgsql;
using ScalableBackend.Shared.Data;

namespace ScalableBackend.Api.Replica;

/// <summary>The contexts of this process: configured alike, and different only in the servers that they talk to.</summary>
internal sealed class ContextPools(
    DbContextOptions<AppDbContext> options, NpgsqlMultiHostDataSource servers, SavedPositionInterceptor interceptor)
{
    private readonly PooledDbContextFactory<AppDbContext> _primary = new(new DbContextOptionsBuilder<AppDbContext>(options)
        .AddInterceptors(interceptor)
        .Options);

    private readonly PooledDbContextFactory<AppDbContext> _standby = new(new DbContextOptionsBuilder<AppDbContext>(options)
        .UseNpgsql(servers.WithTargetSession(TargetSessionAttributes.PreferStandby))
        .Options);

    public AppDbContext RentForPrimary() => _primary.CreateDbContext();

    public AppDbContext RentForStandby() => _standby.CreateDbContext();
}
