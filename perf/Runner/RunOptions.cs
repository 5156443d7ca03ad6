namespace Runner;

/// <param name="Benchmarks">The benchmarks to run, in order.</param>
/// <param name="Rounds">The number of rounds; figures are medians.</param>
/// <param name="IsQuick">Small counts, to check that the benchmarks run; the figures are meaningless.</param>
/// <param name="Contenders">The contenders to run; empty for all.</param>
/// <param name="Statements">Whether to print the SQL statements per message, at a small overhead.</param>
/// <param name="Connection">Settings to add to every contender's connection string.</param>
/// <param name="Output">A file to append the tables to.</param>
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

        drain       20,000 orders, outbox -> broker -> idempotent handler, one by one and in batches
        latency     200 POST/s, from sending the POST to its committed effect
        messaging   drain and latency
        growth      processes, backlog, inbox and transaction
        processes   one, two and four relays and workers
        backlog     10,000 and 1,000,000 messages in the outbox
        inbox       10,000,000 rows in the inbox
        transaction deleted rows that a transaction or a query on a standby keeps from being vacuumed
        scale       replicas and workers
        replicas    the sample API with one, two and three replicas behind the gateway; needs wrk and root
        workers     one, two and three workers; needs root
        memory      the sample API with 256 MiB and half a core, with several settings of the garbage collector; needs wrk and root
        api         the sample API against the same endpoints hand-written and with EF Core only; needs wrk
        pages       the sample's keyset pages on a large orders table
        all         all benchmarks

        --rounds N          number of rounds (3); figures are medians
        --only NAME,NAME    contenders to run, of: baseline, efcore, generated, wolverine
        --statements        also print the SQL statements per message
        --connection TEXT   settings to add to every contender's connection string, such as "Max Auto Prepare=20"
        --set NAME=VALUE    a setting of the generated API, for the benchmark api; repeatable
        --output FILE       append the tables to a file
        --quick             small counts and one round, to check that the benchmarks run
        """;

    // The same for all contenders.
    public static int Concurrency => 8;

    public static int Prefetch => 100;

    public static int BatchSize => 100;

    /// <summary>The growth benchmarks to run.</summary>
    public IReadOnlyList<string> Growth { get; init; } = [];

    /// <summary>Additional environment variables of the generated API.</summary>
    public IReadOnlyDictionary<string, string> Settings { get; init; } = new Dictionary<string, string>();

    public bool Includes(string contender) => Contenders.Count == 0 || Contenders.Contains(contender);

    public int Scale(int count) => IsQuick ? Math.Max(count / 40, 10) : count;

    public static RunOptions? Parse(string[] args)
    {
        var options = new RunOptions([], 3, false, [], false, "", null);
        var rest = new Queue<string>(args);
        while (rest.TryDequeue(out var arg))
        {
            options = arg switch
            {
                "drain" or "latency" or "transaction" or "replicas" or "workers" or "memory" or "api" or "pages" => options.With(arg),
                "processes" or "backlog" or "inbox" => options.WithGrowth(arg),
                "growth" => options.WithGrowth("processes", "backlog", "inbox").With("transaction"),
                "scale" => options.With("replicas", "workers"),
                "messaging" => options.With("drain", "latency"),
                "all" => options.With("drain", "latency").WithGrowth("processes", "backlog", "inbox").With("transaction", "replicas", "workers", "memory", "api", "pages"),
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
