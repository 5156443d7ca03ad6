using System.Text.RegularExpressions;

namespace ScalableBackend.Shared.Data;

/// <summary>What is wrong with a statement on a table that is in use: which lock it takes for how long, and what to write instead.</summary>
internal static partial class UnsafeSql
{
    public const string CreateIndex =
        "SHARE lock, so writes wait while it is built; instead, in a migration of its own: CREATE INDEX CONCURRENTLY, with suppressTransaction";

    public const string AddForeignKey =
        "SHARE ROW EXCLUSIVE lock on both tables, so writes wait while all rows are checked; instead: ADD CONSTRAINT … NOT VALID, and VALIDATE CONSTRAINT in the next migration";

    public const string AddCheck =
        "ACCESS EXCLUSIVE lock, so all wait while all rows are checked; instead: ADD CONSTRAINT … NOT VALID, and VALIDATE CONSTRAINT in the next migration";

    public const string AddUnique =
        "ACCESS EXCLUSIVE lock, so all wait while its index is built; instead: CREATE UNIQUE INDEX CONCURRENTLY, and ADD CONSTRAINT … USING INDEX in the next migration";

    public const string VolatileDefault =
        "ACCESS EXCLUSIVE lock, so all wait while the table is rewritten; instead: add it without a default, set the default, and fill old rows in batches";

    public const string ChangeType =
        "ACCESS EXCLUSIVE lock, so all wait while the table is rewritten, unless it is a text that gets longer; instead: add a new column and fill it in batches";

    public const string SetNotNull =
        "ACCESS EXCLUSIVE lock, so all wait while all rows are checked; instead: ADD CONSTRAINT … CHECK (… IS NOT NULL) NOT VALID, and VALIDATE CONSTRAINT in the next migration";

    private static readonly (Regex Statement, string Problem)[] Rules =
    [
        (Destructive, "it loses data, or takes away what the running version uses"),
        (IndexWithoutConcurrently, CreateIndex),
        (ForeignKeyWithoutNotValid, AddForeignKey),
        (CheckWithoutNotValid, AddCheck),
        (UniqueWithoutIndex, AddUnique),
        (TypeChange, ChangeType),
        (NotNull, SetNotNull),
        (NotNullColumnWithoutDefault, "inserts of the running version fail; instead: add it nullable or with a default"),
        (UnboundedChange, "row locks until the end of the transaction; instead: batches of some thousand rows by their key, each in a transaction of its own"),
        (TableLock, "it locks out readers or writers for as long as it runs"),
    ];

    /// <param name="sql">Any number of statements.</param>
    /// <param name="created">The tables that nobody uses yet; those that the statements create are added.</param>
    public static IEnumerable<string> Find(string sql, ISet<string> created)
    {
        foreach (var statement in Strip(sql).Split(';').Select(part => Spaces.Replace(part, " ").Trim()))
        {
            var table = Table.Match(statement).Groups["table"].Value;
            if (statement.StartsWith("CREATE TABLE", StringComparison.OrdinalIgnoreCase))
            {
                created.Add(table);
            }

            if (!created.Contains(table) && FindProblem(statement) is { } problem)
            {
                yield return $"runs '{(statement.Length > 100 ? statement[..100] + "…" : statement)}': {problem}";
            }
        }
    }

    private static string? FindProblem(string statement) =>
        Rules.FirstOrDefault(rule => rule.Statement.IsMatch(statement)).Problem
        ?? (UnsafeOperations.IsVolatile(ColumnDefault.Match(statement).Groups["default"].Value) ? VolatileDefault : null);

    // Comments and texts go, and with them the bodies of functions, which do not run now; that of DO does.
    private static string Strip(string sql) => NoStatement.Replace(sql, match => match.Groups["body"] is { Success: true } body
        ? $"; {BlockStart.Replace(Strip(body.Value), "$0;")}"
        : match.Value.StartsWith("--", StringComparison.Ordinal) || match.Value.StartsWith("/*", StringComparison.Ordinal) ? " " : "''");

    [GeneratedRegex("""
        --[^\n]* | /\*.*?\*/ | \bDO\s+(?:LANGUAGE\s+\w+\s+)?\$(?<tag>\w*)\$(?<body>.*?)\$\k<tag>\$ | \$(?<name>\w*)\$.*?\$\k<name>\$ | \bE'(?:[^'\\]|\\.|'')*' | '(?:[^']|'')*'
        """, RegexOptions.IgnoreCase | RegexOptions.Singleline | RegexOptions.IgnorePatternWhitespace)]
    private static partial Regex NoStatement { get; }

    [GeneratedRegex(@"\b(BEGIN|THEN|LOOP|ELSE)\b", RegexOptions.IgnoreCase)]
    private static partial Regex BlockStart { get; }

    [GeneratedRegex(@"\s+")]
    private static partial Regex Spaces { get; }

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
