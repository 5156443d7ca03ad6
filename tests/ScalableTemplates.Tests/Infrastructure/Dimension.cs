namespace ScalableTemplates.Tests.Infrastructure;

/// <summary>
/// An option that decides what is in the output, as <c>template.json</c> declares it. Its values are the real ones: 'auto' stands for
/// one of the others, depending on the stage.
/// </summary>
internal sealed record Dimension(string Name, params string[] Values)
{
    public const string On = "yes";
    public const string Off = "no";

    public static readonly IReadOnlyList<Dimension> All = Read();

    public static readonly Dimension Stage = Get("stage");
    public static readonly Dimension Orchestrator = Get("orchestrator");
    public static readonly Dimension Database = Get("database");
    public static readonly Dimension Cache = Get("cache");
    public static readonly Dimension Broker = Get("broker");
    public static readonly Dimension Worker = Get("worker");
    public static readonly Dimension Replica = Get("replica");
    public static readonly Dimension Partitioning = Get("partitioning");
    public static readonly Dimension RateLimiting = Get("rate-limiting");
    public static readonly Dimension Gateway = Get("gateway");
    public static readonly Dimension Deploy = Get("deploy");
    public static readonly Dimension Monitoring = Get("monitoring");
    public static readonly Dimension Ci = Get("ci");
    public static readonly Dimension Auth = Get("auth");
    public static readonly Dimension NoSample = Get("no-sample");
    public static readonly Dimension NoTests = Get("no-tests");

    public bool IsFlag => Values.Contains(On);

    /// <summary>Whether the option only adds files and projects beside the others, so that each pair of it with another option is checked instead of each combination.</summary>
    public bool IsAdditive => this == Gateway || this == Deploy || this == Monitoring || this == Ci;

    private static Dimension Get(string name) => All.Single(dimension => dimension.Name == name);

    private static Dimension[] Read()
    {
        var symbols = Repo.ReadTemplateConfig("template.json")["symbols"]!.AsObject();
        return
        [
            .. from option in Repo.ReadTemplateConfig("dotnetcli.host.json")["symbolInfo"]!.AsObject()
               where option.Value!["isHidden"] is null && option.Key != "SkipRestore"
               let choices = symbols[option.Key]!["choices"]?.AsArray().Select(choice => (string)choice!["choice"]!).Where(choice => choice != "auto")
               select new Dimension((string)option.Value!["longName"]!, [.. choices ?? [Off, On]]),
        ];
    }
}
