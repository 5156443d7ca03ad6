using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Npgsql;
using Shop.Shared.Data;

namespace Shop.Api.Replica;

/// <summary>Pools of contexts for the primary and for the standby, which differ only in the server that they connect to.</summary>
internal sealed class ContextPools(
    DbContextOptions<AppDbContext> options, NpgsqlMultiHostDataSource servers, FlushLsnInterceptor interceptor)
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
