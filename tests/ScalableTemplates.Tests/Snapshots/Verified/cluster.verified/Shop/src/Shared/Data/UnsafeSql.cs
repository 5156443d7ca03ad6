using System.Text.RegularExpressions;

namespace Shop.Shared.Data;

/// <summary>Finds SQL statements that are unsafe on a table in use, with the lock that they hold, its duration and a safe alternative.</summary>
internal static partial class UnsafeSql
{
    public const string CreateIndex =
        "SHARE lock blocks writes while the index is built; instead: CREATE INDEX CONCURRENTLY in a separate migration, with suppressTransaction";

    public const string AddForeignKey =
        "SHARE ROW EXCLUSIVE lock blocks writes to both tables while all rows are checked; instead: ADD CONSTRAINT … NOT VALID, and VALIDATE CONSTRAINT in the next migration";

    public const string AddCheck =
        "ACCESS EXCLUSIVE lock blocks reads and writes while all rows are checked; instead: ADD CONSTRAINT … NOT VALID, and VALIDATE CONSTRAINT in the next migration";

    public const string AddUnique =
        "ACCESS EXCLUSIVE lock blocks reads and writes while the index is built; instead: CREATE UNIQUE INDEX CONCURRENTLY, and ADD CONSTRAINT … USING INDEX in the next migration";

    public const string VolatileDefault =
        "ACCESS EXCLUSIVE lock blocks reads and writes while the table is rewritten; instead: add the column without a default, then set the default and backfill in batches";

    public const string ChangeType =
        "ACCESS EXCLUSIVE lock blocks reads and writes while the table is rewritten, unless a text column only gets longer; instead: add a new column and backfill in batches";

    public const string SetNotNull =
        "ACCESS EXCLUSIVE lock blocks reads and writes while all rows are checked; instead: ADD CONSTRAINT … CHECK (… IS NOT NULL) NOT VALID, and VALIDATE CONSTRAINT in the next migration";

    private static readonly (Regex Statement, string Problem)[] Rules =
    [
        (Destructive, "loses data, or removes what the running version uses"),
        (IndexWithoutConcurrently, CreateIndex),
        (ForeignKeyWithoutNotValid, AddForeignKey),
        (CheckWithoutNotValid, AddCheck),
        (UniqueWithoutIndex, AddUnique),
        (TypeChange, ChangeType),
        (NotNull, SetNotNull),
        (NotNullColumnWithoutDefault, "inserts by the running version fail; instead: make the column nullable, or give it a default"),
        (UnboundedChange, "row locks are held until the transaction ends; instead: batches of a few thousand rows by key, each in its own transaction"),
        (TableLock, "blocks reads or writes for as long as it runs"),
    ];

    /// <param name="sql">One or more statements.</param>
    /// <param name="newTables">Tables that are not in use yet. Tables that the statements create are added.</param>
    public static IEnumerable<string> Find(string sql, ISet<string> newTables)
    {
        foreach (var statement in Strip(sql).Split(';').Select(part => Whitespace.Replace(part, " ").Trim()))
        {
            var table = Table.Match(statement).Groups["table"].Value;
            if (statement.StartsWith("CREATE TABLE", StringComparison.OrdinalIgnoreCase))
            {
                newTables.Add(table);
            }

            if (!newTables.Contains(table) && FindProblem(statement) is { } problem)
            {
                yield return $"runs '{(statement.Length > 100 ? statement[..100] + "…" : statement)}': {problem}";
            }
        }
    }

    private static string? FindProblem(string statement) =>
        Rules.FirstOrDefault(rule => rule.Statement.IsMatch(statement)).Problem
        ?? (UnsafeOperations.IsVolatile(ColumnDefault.Match(statement).Groups["default"].Value) ? VolatileDefault : null);

    // Removes comments and string literals, including function bodies, which do not run in the migration. DO blocks do run, so their bodies are kept.
    private static string Strip(string sql) => CommentOrLiteral.Replace(sql, match => match.Groups["body"] is { Success: true } body
        ? $"; {BlockStart.Replace(Strip(body.Value), "$0;")}"
        : match.Value.StartsWith("--", StringComparison.Ordinal) || match.Value.StartsWith("/*", StringComparison.Ordinal) ? " " : "''");

    [GeneratedRegex("""
        --[^\n]* | /\*.*?\*/ | \bDO\s+(?:LANGUAGE\s+\w+\s+)?\$(?<tag>\w*)\$(?<body>.*?)\$\k<tag>\$ | \$(?<name>\w*)\$.*?\$\k<name>\$ | \bE'(?:[^'\\]|\\.|'')*' | '(?:[^']|'')*'
        """, RegexOptions.IgnoreCase | RegexOptions.Singleline | RegexOptions.IgnorePatternWhitespace)]
    private static partial Regex CommentOrLiteral { get; }

    [GeneratedRegex(@"\b(BEGIN|THEN|LOOP|ELSE)\b", RegexOptions.IgnoreCase)]
    private static partial Regex BlockStart { get; }

    [GeneratedRegex(@"\s+")]
    private static partial Regex Whitespace { get; }

    [GeneratedRegex(@"\b(TABLE|ON|UPDATE|FROM|TRUNCATE)( TABLE)?( IF( NOT)? EXISTS)?( ONLY)? (""?\w+""?\.)?""?(?<table>\w+)", RegexOptions.IgnoreCase)]
    private static partial Regex Table { get; }

    [GeneratedRegex(@"\bDROP (?!INDEX|NOT NULL|CONSTRAINT)|\bRENAME\b|^TRUNCATE\b", RegexOptions.IgnoreCase)]
    private static partial Regex Destructive { get; }

    [GeneratedRegex("^CREATE (UNIQUE )?INDEX (?!CONCURRENTLY)", RegexOptions.IgnoreCase)]
    private static partial Regex IndexWithoutConcurrently { get; }

    [GeneratedRegex(@"\bADD (CONSTRAINT \S+ )?FOREIGN KEY\b(?!.*\bNOT VALID\b)", RegexOptions.IgnoreCase)]
    private static partial Regex ForeignKeyWithoutNotValid { get; }

    [GeneratedRegex(@"\bADD (CONSTRAINT \S+ )?CHECK\b(?!.*\bNOT VALID\b)", RegexOptions.IgnoreCase)]
    private static partial Regex CheckWithoutNotValid { get; }

    [GeneratedRegex(@"\bADD (CONSTRAINT \S+ )?(UNIQUE|PRIMARY KEY|EXCLUDE)\b(?!.*\bUSING INDEX\b)", RegexOptions.IgnoreCase)]
    private static partial Regex UniqueWithoutIndex { get; }

    [GeneratedRegex(@"^ALTER TABLE\b.*\bALTER (COLUMN )?\S+ (SET DATA )?TYPE\b", RegexOptions.IgnoreCase)]
    private static partial Regex TypeChange { get; }

    [GeneratedRegex(@"\bSET NOT NULL\b", RegexOptions.IgnoreCase)]
    private static partial Regex NotNull { get; }

    [GeneratedRegex(@"\bADD (COLUMN )?(?!CONSTRAINT|CHECK|FOREIGN|UNIQUE|PRIMARY)[^,]*\bNOT NULL\b(?<!\bDEFAULT\b[^,]*)(?![^,]*\b(DEFAULT|GENERATED)\b)", RegexOptions.IgnoreCase)]
    private static partial Regex NotNullColumnWithoutDefault { get; }

    [GeneratedRegex(@"\bADD (COLUMN )?(?!CONSTRAINT|CHECK|FOREIGN|UNIQUE|PRIMARY).*?\b(DEFAULT|GENERATED)\b(?<default>.*)", RegexOptions.IgnoreCase)]
    private static partial Regex ColumnDefault { get; }

    [GeneratedRegex(@"(^|\( ?)(UPDATE|DELETE FROM)\b(?!.*\bWHERE\b.*(\b(LIMIT|BETWEEN)\b|(id|key|name|code)""? ?(=|<|>|IN\b)))", RegexOptions.IgnoreCase)]
    private static partial Regex UnboundedChange { get; }

    [GeneratedRegex("^(VACUUM FULL|CLUSTER|LOCK|(REINDEX|REFRESH MATERIALIZED VIEW)(?!.*CONCURRENTLY))", RegexOptions.IgnoreCase)]
    private static partial Regex TableLock { get; }
}
