using DotNet.Testcontainers.Builders;
using DotNet.Testcontainers.Networks;
using Testcontainers.PostgreSql;

namespace Shop.IntegrationTests;

/// <summary>A primary and its standby in containers, configured by the same files as in development.</summary>
internal sealed class ReplicaServers : IAsyncDisposable
{
    private const string Image = "postgres:18.3";
    private const string Folder = "/etc/postgresql/";

    private static readonly string Files = Path.Combine(AppContext.BaseDirectory, "../../../../../deploy/postgres");

    private readonly INetwork _network = new NetworkBuilder().Build();
    private readonly PostgreSqlContainer _primary;
    private readonly PostgreSqlContainer _standby;

    public ReplicaServers()
    {
        _primary = new PostgreSqlBuilder(Image)
            .WithNetwork(_network)
            .WithNetworkAliases("primary")
            .WithResourceMapping(new FileInfo(Path.Combine(Files, "pg_hba.conf")), Folder)
            .WithCommand("-c", $"hba_file={Folder}pg_hba.conf")
            .Build();
        _standby = new PostgreSqlBuilder(Image)
            .WithNetwork(_network)
            .WithResourceMapping(new FileInfo(Path.Combine(Files, "standby.sh")), Folder)
            .WithEntrypoint("sh", $"{Folder}standby.sh")
            .WithEnvironment("PRIMARY", $"host=primary user={PostgreSqlBuilder.DefaultUsername}")
            .WithEnvironment("PGPASSWORD", PostgreSqlBuilder.DefaultPassword)
            .Build();
    }

    public string Primary => _primary.GetConnectionString();

    public string Standby => _standby.GetConnectionString();

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        await _primary.StartAsync(cancellationToken);
        await _standby.StartAsync(cancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        await _standby.DisposeAsync();
        await _primary.DisposeAsync();
        await _network.DisposeAsync();
    }
}
