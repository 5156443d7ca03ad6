namespace ScalableTemplates.Tests.Infrastructure;

/// <summary>The values of the template's options, and the pieces that follow from them.</summary>
internal sealed record TemplateOptions
{
    private const string Auto = "auto";

    private readonly IReadOnlyDictionary<string, string> answers;

    private TemplateOptions(IReadOnlyDictionary<string, string> answers) => this.answers = answers;

    public static TemplateOptions Services { get; } = new(new Dictionary<string, string>());

    public static TemplateOptions Single { get; } = Services.With(Dimension.Stage, "single");

    public static TemplateOptions Cluster { get; } = Services.With(Dimension.Stage, "cluster");

    public static IReadOnlyList<TemplateOptions> Stages { get; } = [Services, Single, Cluster];

    public bool HasAspire => Resolve(Dimension.Orchestrator, "aspire", "none") == "aspire";

    public bool HasPostgres => Resolve(Dimension.Database, "postgres", "sqlite") == "postgres";

    public bool HasSqlite => !HasPostgres;

    public bool HasRedis => Resolve(Dimension.Cache, "redis", "memory") == "redis";

    public bool HasRabbitMq => Resolve(Dimension.Broker, "rabbitmq", "database") == "rabbitmq";

    // A SQLite file is used by a single process.
    public bool HasWorker => HasPostgres && Resolve(Dimension.Worker, "separate", "in-process") == "separate";

    // SQLite has no streaming replication.
    public bool HasReplica => HasPostgres && Resolve(Dimension.Replica, "none", "none", "streaming") == "streaming";

    // Partitions the sample's orders table.
    public bool HasPartitioning => HasPostgres && HasSample && Resolve(Dimension.Partitioning, "none", "none", "monthly") == "monthly";

    public bool HasRateLimiting => Resolve(Dimension.RateLimiting, "plans", "none") == "plans";

    public bool HasGateway => Resolve(Dimension.Gateway, "none", "none", "yarp") == "yarp";

    public bool HasKubernetes => Deployment == "kubernetes";

    public bool HasComposeDeployment => Deployment == "compose";

    public bool HasGrafana => Resolve(Dimension.Monitoring, "none", "none", "grafana") == "grafana";

    public bool HasGitHub => this[Dimension.Ci] == "github";

    public bool HasJwt => this[Dimension.Auth] == "jwt";

    public bool HasSample => this[Dimension.NoSample] == Dimension.Off;

    public bool HasTests => this[Dimension.NoTests] == Dimension.Off;

    public bool HasServers => HasPostgres || HasRedis || HasRabbitMq;

    // Omitted if there is no server.
    public bool HasCompose => this[Dimension.Orchestrator] == "compose" && (HasServers || HasSample);

    /// <summary>Equal for options that generate the same output, except for the recorded stage.</summary>
    public object Pieces => (HasAspire, HasCompose, HasPostgres, HasRedis, HasRabbitMq, HasWorker, HasReplica, HasPartitioning, HasRateLimiting, HasGateway, Deployment, HasGrafana, HasGitHub, HasJwt, HasSample, HasTests);

    private string Deployment => Resolve(Dimension.Deploy, "compose", "none", "kubernetes");

    public IEnumerable<string> Arguments => answers.SelectMany(answer => answer.Value switch
    {
        Dimension.On => ["--" + answer.Key],
        Dimension.Off => Array.Empty<string>(),
        _ => ["--" + answer.Key, answer.Value],
    });

    public string this[Dimension dimension] => answers.TryGetValue(dimension.Name, out var answer) ? answer
        : dimension == Dimension.Stage ? "services"
        : dimension == Dimension.Auth ? "jwt"
        : dimension == Dimension.Ci ? "github"
        : dimension.IsFlag ? Dimension.Off
        : Auto;

    public TemplateOptions With(Dimension dimension, string value) =>
        new(new Dictionary<string, string>(answers) { [dimension.Name] = value });

    /// <summary>Returns equivalent options without 'auto'.</summary>
    public TemplateOptions Explicit() => this
        .With(Dimension.Stage, this[Dimension.Stage])
        .With(Dimension.Orchestrator, Resolve(Dimension.Orchestrator, "aspire", "none"))
        .With(Dimension.Database, HasPostgres ? "postgres" : "sqlite")
        .With(Dimension.Cache, HasRedis ? "redis" : "memory")
        .With(Dimension.Broker, HasRabbitMq ? "rabbitmq" : "database")
        .With(Dimension.Worker, Resolve(Dimension.Worker, "separate", "in-process"))
        .With(Dimension.Replica, Resolve(Dimension.Replica, "none", "none", "streaming"))
        .With(Dimension.Partitioning, Resolve(Dimension.Partitioning, "none", "none", "monthly"))
        .With(Dimension.RateLimiting, HasRateLimiting ? "plans" : "none")
        .With(Dimension.Gateway, HasGateway ? "yarp" : "none")
        .With(Dimension.Deploy, Deployment)
        .With(Dimension.Monitoring, HasGrafana ? "grafana" : "none")
        .With(Dimension.Ci, this[Dimension.Ci])
        .With(Dimension.Auth, this[Dimension.Auth])
        .With(Dimension.NoSample, this[Dimension.NoSample])
        .With(Dimension.NoTests, this[Dimension.NoTests]);

    public override string ToString() => answers.Count == 0 ? "(defaults)" : string.Join(' ', Arguments);

    private string Resolve(Dimension dimension, string services, string single) => Resolve(dimension, services, single, services);

    private string Resolve(Dimension dimension, string services, string single, string cluster) => this[dimension] is var answer && answer != Auto
        ? answer
        : this[Dimension.Stage] switch { "single" => single, "cluster" => cluster, _ => services };
}
