namespace Runner;

/// <param name="Benchmarks">What to measure, in order.</param>
/// <param name="Rounds">How often; figures are medians.</param>
/// <param name="IsQuick">Small numbers: shows that all works, measures nothing.</param>
/// <param name="Contenders">Only these; all if empty.</param>
/// <param name="Statements">Also print what the database had to do for a message; costs a little time.</param>
/// <param name="Connection">Settings to add to every contender's connection string.</param>
/// <param name="Output">A file to add the tables to.</param>
internal sealed record RunOptions(
    IReadOnlyList<string> Benchmarks,
    int Rounds,
    bool IsQuick,
    IReadOnlyList<string> Contenders,
    bool Statements,
    string Connection,
    string? Output)
{
    public const string Help = """
        perf/run BENCHMARK... [options]

        drain       20,000 orders in the outbox -> broker -> handler with inbox, one by one and in batches
        latency     200 POST/s, from sending the POST to its effect
        messaging   drain and latency
        growth      processes, waiting, inbox and transaction
        processes   one, two and four relays and workers
        waiting     10,000 and 1,000,000 orders in the outbox
        inbox       10,000,000 rows in the inbox
        transaction one that stays open while 100,000 orders are drained
        api         the API of the sample against the same endpoints by hand, and with EF Core alone; needs wrk
        pages       the page queries of the sample on a large orders table
        all         everything

        --rounds N          how often (3); the figures are medians
        --only NAME,NAME    of: floor, efcore, generated, wolverine
        --statements        also print the database's work for a message
        --connection TEXT   settings to add to every contender's connection string, such as "Max Auto Prepare=20"
        --set NAME=VALUE    a setting of the generated API, for api; as often as needed
        --output FILE       add the tables to a file
        --quick             small numbers, one round: shows that all works, measures nothing
        """;

    // The same for all contenders.
    public static int Concurrency => 8;

    public static int Prefetch => 100;

    public static int BatchSize => 100;

    /// <summary>What grows.</summary>
    public IReadOnlyList<string> Growth { get; init; } = [];

    /// <summary>Settings to add to the environment of the generated API.</summary>
    public IReadOnlyDictionary<string, string> Settings { get; init; } = new Dictionary<string, string>();

    public bool Includes(string contender) => Contenders.Count == 0 || Contenders.Contains(contender);

    public int Of(int count) => IsQuick ? Math.Max(count / 40, 10) : count;

    public static RunOptions? Parse(string[] args)
    {
        var options = new RunOptions([], 3, false, [], false, "", null);
        var rest = new Queue<string>(args);
        while (rest.TryDequeue(out var arg))
        {
            options = arg switch
            {
                "drain" or "latency" or "api" or "pages" => options.With(arg),
                "processes" or "waiting" or "inbox" or "transaction" => options.WithGrowth(arg),
                "growth" => options.WithGrowth("processes", "waiting", "inbox", "transaction"),
                "messaging" => options.With("drain", "latency"),
                "all" => options.With("drain", "latency").WithGrowth("processes", "waiting", "inbox", "transaction").With("api", "pages"),
                "--quick" => options with { IsQuick = true, Rounds = 1 },
                "--statements" => options with { Statements = true },
                "--rounds" when rest.TryDequeue(out var value) && int.TryParse(value, out var rounds) => options with { Rounds = rounds },
                "--only" when rest.TryDequeue(out var names) => options with { Contenders = names.Split(',') },
                "--connection" when rest.TryDequeue(out var settings) => options with { Connection = ";" + settings },
                "--set" when rest.TryDequeue(out var pair) && pair.Split('=', 2) is [var name, var value] => options.WithSetting(name, value),
                "--output" when rest.TryDequeue(out var file) => options with { Output = Path.GetFullPath(file) },
                _ => null,
            };
            if (options is null)
            {
                return null;
            }
        }

        return options.Benchmarks.Count > 0 ? options : null;
    }

    private RunOptions WithSetting(string name, string value) =>
        this with { Settings = new Dictionary<string, string>(Settings) { [name] = value } };

    private RunOptions WithGrowth(params string[] kinds) => With("growth") with { Growth = [.. Growth.Union(kinds)] };

    private RunOptions With(params string[] benchmarks) => this with { Benchmarks = [.. Benchmarks.Union(benchmarks)] };
}
