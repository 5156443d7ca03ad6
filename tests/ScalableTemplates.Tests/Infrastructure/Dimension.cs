namespace ScalableTemplates.Tests.Infrastructure;

/// <summary>An option of the template with its values, except 'auto', which stands for one of them.</summary>
internal sealed record Dimension(string Name, params string[] Values)
{
    public const string On = "yes";
    public const string Off = "no";

    public static readonly Dimension Stage = new("stage", "services", "single");
    public static readonly Dimension Orchestrator = new("orchestrator", "aspire", "compose", "none");
    public static readonly Dimension Database = new("database", "postgres", "sqlite");
    public static readonly Dimension Cache = new("cache", "redis", "memory");
    public static readonly Dimension Broker = new("broker", "rabbitmq", "database");
    public static readonly Dimension Worker = new("worker", "separate", "in-process");
    public static readonly Dimension Replica = new("replica", "streaming", "none");
    public static readonly Dimension Partitioning = new("partitioning", "monthly", "none");
    public static readonly Dimension RateLimiting = new("rate-limiting", "plans", "none");
    public static readonly Dimension Auth = new("auth", "jwt", "none");
    public static readonly Dimension NoSample = new("no-sample", Off, On);
    public static readonly Dimension NoTests = new("no-tests", Off, On);

    public static readonly IReadOnlyList<Dimension> All =
        [Stage, Orchestrator, Database, Cache, Broker, Worker, Replica, Partitioning, RateLimiting, Auth, NoSample, NoTests];

    public bool IsFlag => Values.Contains(On);
}
