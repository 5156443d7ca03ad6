using System.Text.RegularExpressions;
using ScalableTemplates.Tests.Infrastructure;

namespace ScalableTemplates.Tests.Invariants;

/// <summary>An optional piece, and the words that must not occur in outputs without it.</summary>
internal sealed record OmittedPiece(string Name, Func<TemplateOptions, bool> IsOmitted, string Words)
{
    private readonly Regex pattern = new(Words, RegexOptions.Compiled);

    public static readonly IReadOnlyList<OmittedPiece> All =
    [
        new("aspire", options => !options.HasAspire, "(?i)aspire|AppHost"),
        new("compose", options => !options.HasCompose && !options.HasComposeDeployment && !options.HasGrafana, @"(?i)docker compose|compose\.yaml|\.env\b"),
        // PostgreSQL is also the name of a license, on a line of its own.
        new("postgres", options => !options.HasPostgres, "(?i)(?<!^)postgres|^postgres(?!ql$)|npgsql|migrator"),
        new("sqlite", options => !options.HasSqlite, "(?i)sqlite"),
        new("redis", options => !options.HasRedis, "(?i)redis"),
        new("rabbitmq", options => !options.HasRabbitMq, "(?i)rabbit|amqp|quorum"),
        new("replica", options => !options.HasReplica, "(?i)standby|consistency-?token|read-?replica|basebackup|replication"),
        new("partitions of orders", options => !options.HasPartitioning, @"PartitionOrders|Orders:Retention"),
        new("rate limiting", options => !options.HasRateLimiting, @"RateLimit-|RequestsPerMinute|ClientRateLimit|LoadShed|DisableRateLimiting|\b429\b"),
        // "gateway" is also an answer in scalable.json, and part of the names of the Gateway API of Kubernetes and of its resource.
        new("gateway", options => !options.HasGateway, @"(?i)yarp|(?<!""|kind: )\bgateway\b(?![ -]api|\.networking|-name: )"),
        new("continuous integration", options => !options.HasGitHub, @"(?i)(?<!//)github|dependabot|cyclonedx|sbom|openapi\.json|ApiDescription"),
        new("authentication", options => !options.HasJwt, @"(?i)jwt|bearer|RequireAuthorization|\bscopes? (catalog|orders):"),
        new("sample", options => !options.HasSample, @"(?i)catalog|(?<!\b(in|which) )\borders?\b(?! by)|\bproducts?\b|payment|\bmail|smtp|pickup"),
        new("monitoring", options => !options.HasGrafana, "(?i)grafana|prometheus|alertmanager|promtool"),
        new("kubernetes", options => !options.HasKubernetes, "(?i)kubernetes|kubectl|kustomiz"),
        new("tests", options => !options.HasTests, @"(?i)xunit|testcontainers|IntegrationTests|dotnet test|Testing\.Platform"),
    ];

    public IEnumerable<string> WordsIn(string path, string text) =>
        pattern.Matches(path).Select(match => $"'{match.Value}' in the path {path}")
            .Concat(text.Split('\n')
                .Where(line => pattern.IsMatch(line))
                .Select(line => $"'{pattern.Match(line).Value}' in {path}: {line.Trim()}"));
}
