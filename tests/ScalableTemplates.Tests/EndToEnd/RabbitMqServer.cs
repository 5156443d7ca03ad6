using System.Globalization;
using System.Text.Json;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;
using ScalableTemplates.Tests.Infrastructure;

namespace ScalableTemplates.Tests.EndToEnd;

/// <summary>A dedicated RabbitMQ server, run from installed binaries.</summary>
internal sealed class RabbitMqServer : IAsyncDisposable
{
    private const string User = "app";
    private const string Password = "not-a-secret";

    // The ports of AMQP, inter-node communication and epmd.
    private readonly ServerPort port = new(count: 3);
    private readonly string folder = TempFolder.Create("rabbitmq");
    private readonly Dictionary<string, string> environment = [];
    private readonly string[] settings;
    private RabbitMqServer? first;
    private Daemon? daemon;

    // The wrapper in /usr/sbin switches the user; the program itself runs as any user.
    public static string? Binaries { get; } = Programs.FindFolder("rabbitmq-server", "/usr/lib/rabbitmq/bin");

    /// <summary>The port at which it serves metrics to Prometheus; none by default.</summary>
    public int? MetricsPort { get; init; }

    public int Port => port.Number;

    public string Node => $"test{port.Number}@localhost";

    public string ConnectionString => $"amqp://{User}:{Password}@127.0.0.1:{port.Number}/";

    /// <param name="settings">Lines of the configuration file.</param>
    public RabbitMqServer(params string[] settings)
    {
        this.settings = settings;
        environment["HOME"] = folder;
        environment["RABBITMQ_CONFIG_FILE"] = Configuration;
        environment["RABBITMQ_NODE_IP_ADDRESS"] = "127.0.0.1";
        environment["RABBITMQ_MNESIA_BASE"] = folder;
        environment["RABBITMQ_LOG_BASE"] = folder;
        environment["RABBITMQ_ENABLED_PLUGINS_FILE"] = Path.Combine(folder, "enabled_plugins");
        environment["RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS"] = "-kernel inet_dist_use_interface {127,0,0,1}";
        environment["ERL_EPMD_ADDRESS"] = "127.0.0.1";
    }

    private string Plugins => environment["RABBITMQ_ENABLED_PLUGINS_FILE"];

    private string Metrics => MetricsPort is { } metricsPort ? $"prometheus.tcp.ip = 127.0.0.1\nprometheus.tcp.port = {metricsPort}\n" : "";

    private string Configuration => Path.Combine(folder, "rabbitmq.conf");

    /// <summary>Starts or restarts the server at the same address with its durable data.</summary>
    public Task StartAsync() => port.StartAsync(async () =>
    {
        await File.WriteAllTextAsync(Configuration, $"listeners.tcp.local = 127.0.0.1:{port.Number}\ndefault_user = {User}\ndefault_pass = {Password}\n{Metrics}{string.Join('\n', settings)}\n");
        await File.WriteAllTextAsync(Plugins, MetricsPort is null ? "[]." : "[rabbitmq_prometheus].");
        environment["RABBITMQ_NODENAME"] = Node;
        environment["RABBITMQ_NODE_PORT"] = port.Number.ToString(CultureInfo.InvariantCulture);
        environment["RABBITMQ_DIST_PORT"] = (port.Number + 1).ToString(CultureInfo.InvariantCulture);
        environment["ERL_EPMD_PORT"] = ((first ?? this).port.Number + 2).ToString(CultureInfo.InvariantCulture);
        daemon = Daemon.Start(Path.Combine(Binaries!, "rabbitmq-server"), [], folder, Path.Combine(folder, "log"), environment);
        await daemon.WaitUntilAsync(CanConnectAsync);
    });

    /// <summary>Starts another node of this server's cluster.</summary>
    public async Task<RabbitMqServer> StartPeerAsync()
    {
        const string Cookie = ".erlang.cookie";
        var peer = new RabbitMqServer(
            [.. settings, "cluster_formation.peer_discovery_backend = classic_config", $"cluster_formation.classic_config.nodes.1 = {Node}"]) { first = this };
        File.Copy(Path.Combine(folder, Cookie), Path.Combine(peer.folder, Cookie));
        await peer.StartAsync();
        return peer;
    }

    public Task StopAsync() => daemon!.StopAsync();

    public Task KillAsync() => daemon!.KillAsync();

    public Task PauseAsync() => daemon!.PauseAsync();

    public Task ResumeAsync() => daemon!.ResumeAsync();

    /// <summary>Raises the memory alarm, which blocks publishing connections.</summary>
    public Task RefuseAsync() => ControlAsync("set_vm_memory_high_watermark", "absolute", "1MB");

    /// <summary>Clears the memory alarm.</summary>
    public Task AcceptAsync() => ControlAsync("set_vm_memory_high_watermark", "0.4");

    /// <summary>Lowers the heartbeat interval of new connections, so that the connections of suspended clients are closed soon.</summary>
    public Task SetHeartbeatAsync(int seconds) => ControlAsync("eval", $"application:set_env(rabbit, heartbeat, {seconds}).");

    /// <returns>The node that leads a quorum queue, and all its members.</returns>
    public async Task<(string Leader, string Members)> GetMembersAsync(string queue)
    {
        var rows = await ControlAsync("list_queues", "name", "leader", "members", "--quiet", "--no-table-headers");
        var row = rows.Split('\n').Select(line => line.Split('\t')).Single(row => row[0] == queue);
        return (row[1], row[2]);
    }

    /// <summary>Adds a virtual host.</summary>
    public async Task AddVirtualHostAsync(string name)
    {
        await ControlAsync("add_vhost", name);
        await ControlAsync("set_permissions", "--vhost", name, User, ".*", ".*", ".*");
    }

    /// <summary>Adds several virtual hosts in one call, which is much faster than one call each.</summary>
    public async Task AddVirtualHostsAsync(IReadOnlyList<string> names)
    {
        var file = Path.Combine(folder, $"{names[0]}.json");
        await File.WriteAllTextAsync(file, JsonSerializer.Serialize(new
        {
            vhosts = names.Select(name => new { name }),
            permissions = names.Select(vhost => new { user = User, vhost, configure = ".*", write = ".*", read = ".*" }),
        }));
        await ControlAsync("import_definitions", file);
    }

    /// <returns>The number of messages by queue.</returns>
    public async Task<Dictionary<string, int>> GetQueuesAsync() =>
        (await ControlAsync("list_queues", "name", "messages", "--quiet", "--no-table-headers")).Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => line.Split('\t'))
            .ToDictionary(row => row[0], row => int.Parse(row[1], CultureInfo.InvariantCulture));

    public async ValueTask DisposeAsync()
    {
        if (daemon is not null)
        {
            await daemon.DisposeAsync();
            // epmd outlives the node that started it, and uses a separate port.
            await using var mapper = Daemon.Start("epmd", ["-kill"], Path.GetTempPath(), daemon.LogFile + ".epmd", environment);
            await mapper.WaitForExitAsync();
        }
    }

    private async Task<string> ControlAsync(params string[] arguments) =>
        (await Command.RunAsync(Path.Combine(Binaries!, "rabbitmqctl"), arguments, folder, Daemon.WaitTimeout, environment)).EnsureSuccess().Output;

    private async Task<bool> CanConnectAsync()
    {
        try
        {
            await using var connection = await new ConnectionFactory { Uri = new Uri(ConnectionString) }.CreateConnectionAsync();
            return true;
        }
        catch (BrokerUnreachableException)
        {
            return false;
        }
    }
}
